"""Help with what a mail program shows or a person notices: the likeliest cause at once, and a page for each.

What is typed is read and forgotten: people paste passwords. The address of the answer names the catalogue's messages
that fitted, and so it can be opened anew, in another language too. Counted are these messages.
"""

import zlib
from collections.abc import Sequence

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.core.diagnosis import CATALOGUE, Diagnosis
from webapp.core.diagnosis.messages import (
    CAUSES_SHOWN,
    MESSAGES,
    PROGRAMS,
    Found,
    ProgramMessage,
    causes,
    looking,
    masked,
    messages_meaning,
    search,
)
from webapp.core.providers import Provider
from webapp.infrastructure import compression, events, i18n, security
from webapp.web.help.looked_up import Seen, step_for
from webapp.web.wizard import answers, asking, steps

QUERY_MAX = 2000  # characters of a question in a URL


def _key(message: ProgramMessage) -> str:
    """Return what names a message in an address, in this version and the next."""
    return f"{zlib.crc32(repr((message.program, message.text('en'))).encode()):x}"


_BY_KEY = {_key(message): message for message in MESSAGES}

blueprint = Blueprint("help", __name__, url_prefix="/help")
compression.allow(blueprint)


@blueprint.route("", methods=["GET", "POST"])
def index() -> ResponseReturnValue:
    """Answer what was posted, `?q=`, or the three questions for who knows no message.

    Without any of them it asks: so it is indexable.
    """
    if request.method == "POST":
        return _read()
    security.allow_indexing()
    if "found" in request.args:
        sure = bool(request.args.get("sure"))
        told = [_BY_KEY[key] for key in request.args["found"].split(".") if key in _BY_KEY]
        return _answer("", tuple(Found(message, 0, sure, 0) for message in told))
    query = masked(request.args.get("q", "").strip())[-QUERY_MAX:]
    return _answer(query, search(query, _program() or None) if query else ())


security.csrf.exempt(index)  # it changes nothing, and the page with its form is served without a cookie


def _read() -> ResponseReturnValue:
    """Read a text of any length that a form can hold, such as a log, and lead to the answer.

    Where there is none, the text stands in the field again, to be changed.
    """
    query, program = masked(request.form.get("q", "").strip()), _program() or None
    if not query:
        return redirect(url_for("help.index", program=program), 303)
    found = search(query, program)
    if not found:
        return _answer(query[-QUERY_MAX:], ())
    keys = ".".join(_key(one.message) for one in found)
    return redirect(url_for("help.index", found=keys, sure=1 if found[0].sure else None, program=program), 303)


@blueprint.get("/log")
def log() -> str:
    return render_template("help/log.html")


@blueprint.post("/said")
def said() -> ResponseReturnValue:
    """Count whether an answer helped, and lead on."""
    outcome = "helped" if request.form.get("helped") == "yes" else "not-helped"
    message = _BY_KEY.get(request.form.get("message", ""))
    _count(outcome, message.text("en") if message else "", _program())
    return redirect(url_for("help.thanks", outcome=outcome), 303)


@blueprint.get("/said/<outcome>")
def thanks(outcome: str) -> str:
    if outcome not in ("helped", "not-helped"):
        abort(404)
    return render_template("help/said.html", helped=outcome == "helped", questions=looking.QUESTIONS, **_known())


@blueprint.get("/not-working")
def not_working() -> str:
    """Ask what a person sees for whom it did not work, and lead on from each answer."""
    kept = answers.load()
    return render_template(
        "help/not-working.html",
        program=_program() or None,
        onward=asking.next_url(kept) if kept else url_for("wizard.start"),
        **_known(),
    )


@blueprint.get("/<diagnosis_id>")
def show(diagnosis_id: str) -> str:
    """Explain one cause, with the names of the person's provider, if known; indexable."""
    if diagnosis_id not in CATALOGUE:
        abort(404)
    security.allow_indexing()
    messages = [one for one in messages_meaning(diagnosis_id) if one.concerns(_provider().name)]
    return render_template(
        "help/show.html",
        diagnosis=_explained([diagnosis_id])[0],
        seen=_seen([diagnosis_id]),
        programs=PROGRAMS,
        messages={key: found for key in PROGRAMS if (found := [m for m in messages if m.program == key])},
        **_known(),
    )


def _answer(query: str, found: tuple[Found, ...]) -> str:
    if query or found:
        _count(_outcome(found), found[0].message.text("en") if found else "", _program())
    ids = causes(found) or looking.causes(request.args)
    return render_template(
        "help/index.html",
        query=" ".join(query.split()),  # a log comes back in a field of one line
        asked=bool(query) or "found" in request.args,
        program=_program(),
        programs=PROGRAMS,
        found=found,
        key=_key(found[0].message) if found else "",
        explained=_explained(ids[:CAUSES_SHOWN]),
        seen=_seen(ids[:1]),
        questions=looking.QUESTIONS,
        looked=request.args,
        noticed=[message for message in MESSAGES if message.often],
        **_known(),
    )


def _explained(ids: Sequence[str]) -> list[Diagnosis]:
    provider = _provider()
    return [CATALOGUE[diagnosis_id].for_provider(provider) for diagnosis_id in ids]


def _seen(ids: Sequence[str]) -> Seen | None:
    """Return the step of the guide for the first of the causes."""
    return step_for(ids[0], _program(), _provider()) if ids else None


def _outcome(found: tuple[Found, ...]) -> str:
    if not found:
        return "nothing"
    return "sure" if found[0].certain else "maybe"


def _count(outcome: str, message: str, program: str) -> None:
    events.help_answered.send(
        events.running_app(), outcome=outcome, message=message, program=program, locale=i18n.current_locale()
    )


def _program() -> str:
    """Return the program asked about, by the form or by the wizard; "" for any."""
    chosen = request.values.get("program", answers.load().client or "")
    return chosen if chosen in PROGRAMS else ""


def _provider() -> Provider:
    return answers.provider_of(answers.load())


def _known() -> dict[str, object]:
    return {"provider": _provider(), "testable": steps.is_complete(answers.load())}
