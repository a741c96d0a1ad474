"""The wizard: one question a page, from the address to the file."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.account import ServerType
from webapp.clients import CLIENTS
from webapp.config import DEVICES_MAX, current_providers
from webapp.events import answer_chosen, step_reached
from webapp.i18n import translate
from webapp.providers import Certainty, find, suggest
from webapp.systems import SYSTEMS, system_of
from webapp.text import InputError
from webapp.wizard import answers as store
from webapp.wizard import devices, finish, mx, programs
from webapp.wizard.answers import Answers
from webapp.wizard.steps import STEPS, Step, applicable, before, is_complete, is_total_known, path

blueprint = Blueprint("wizard", __name__)
finish.register(blueprint)

DEFAULT_PROVIDER = "gmx.net"
FROM_REVIEW = {"from": "review"}


@blueprint.app_context_processor
def _words() -> dict[str, Any]:
    """Give every template the names of systems and programs as we offer them."""
    return {"systems": SYSTEMS, "program_label": programs.label}


@blueprint.get("/")
def start() -> str:
    answers = store.load()
    return render_template("wizard/start.html", begun=bool(answers), here=path(answers)[-1], ready=is_complete(answers))


@blueprint.route("/setup/<slug>", methods=["GET", "POST"])
def step(slug: str) -> ResponseReturnValue:
    """Ask one question, or take its answer; who is too early or too late is sent to the first unanswered step."""
    asked = next((candidate for candidate in STEPS if candidate.slug == slug), None)
    if asked is None:
        abort(404)
    answers = _known(store.load())
    if asked not in path(answers):
        return redirect(url_for("wizard.step", slug=path(answers)[-1].slug), 303)
    if request.method == "POST":
        return _answered(asked, answers)
    step_reached.send(current_app._get_current_object(), step=slug)  # type: ignore[attr-defined]
    page = asked.stop(answers) or _wanted_page(asked, answers)
    if page and "again" not in request.args:
        return _page(asked, answers, page, rows=devices.rows_of(answers["devices"].get("others", ())))
    form = asked.form(formdata=None)
    form.fit(answers)
    form.show(answers[asked.slug])
    return _page(asked, answers, form=form)


def _known(answers: Answers) -> Answers:
    """Return the answers without what this installation no longer has: a provider or program taken away since."""
    if answers.provider_id and answers.provider_id not in current_providers():
        answers = answers.without("address", "platform")
    if answers["program"].get("client") not in (None, programs.UNKNOWN, *CLIENTS):
        answers = answers.without("program")
    return answers


def _wanted_page(asked: Step, answers: Answers) -> str | None:
    """Return the page after the question that a person comes back to: the list of devices, the plan."""
    page = request.args.get("page")
    if asked.slug == "devices" and page == "list" and answers["devices"].get("confirmed"):
        return page
    if asked.slug == "retention" and page == "plan" and len(answers.devices) > 1 and asked.is_answered(answers):
        return page
    return None


def _answered(asked: Step, answers: Answers) -> ResponseReturnValue:
    if asked.slug == "devices" and "list" in request.form and answers["devices"].get("confirmed"):
        return _listed(asked, answers)
    if request.form.get("confirm") and asked.slug in answers and asked.fits(answers):
        return _kept(asked, _confirmed(asked, answers))
    form = asked.form()
    form.fit(answers)
    if not form.validate():
        return _page(asked, answers, form=form), 422
    answer = form.answer()
    if asked.slug == "address":
        answer |= _finding(answer["email_address"])
        if answer["email_address"] != answers.email_address:
            answers = answers.without("platform")
    if asked.slug == "devices":  # the list outlives a change of mind
        answer |= {key: value for key, value in answers["devices"].items() if key in ("others", "listed")}
    if asked.slug in ("program", "devices"):
        answers = answers.unconfirmed("retention")  # whose page showed another plan
    return _kept(asked, answers.answered(asked.slug, answer))


def _finding(address: str) -> dict[str, Any]:
    """Return what we know of an address, as it is kept: closed words and what the person typed."""
    finding = find(address, current_providers())
    found: dict[str, Any] = {
        "providers": [provider.id for provider in finding.providers],
        "certainty": finding.certainty.value,
    }
    if finding.brand:
        found["handler"] = finding.brand
    if finding.certainty is Certainty.UNKNOWN:
        if "sure" not in request.form and (suggestion := suggest(address, current_providers())):
            found["suggestion"] = suggestion
        elif handler := mx.handler_of(address.partition("@")[2]):
            found["handler"] = handler
    return found


def _confirmed(asked: Step, answers: Answers) -> Answers:
    """Return the answers after the person read the page that stops them, and goes on."""
    if asked.slug == "address":  # they say that it is a GMX mailbox all the same; the next question asks at which site
        if answers.certainty != Certainty.UNKNOWN:
            abort(400)
        candidates = [provider.id for provider in current_providers().values()]
        answer = {**answers["address"], "providers": candidates, "certainty": Certainty.CONFIRM.value}
        return answers.answered("address", answer)
    return answers.confirmed(asked.slug)


def _listed(asked: Step, answers: Answers) -> ResponseReturnValue:
    """Take the list of devices: a button changes it, “continue” checks it."""
    rows = devices.read(request.form)
    changed = devices.changed(rows, request.form["list"])
    if changed is None:
        rows = [row.checked() for row in rows]
        if any(row.errors for row in rows):
            return _page(asked, answers, "list", rows=rows), 422
    kept = [row.cut().as_json() for row in (rows if changed is None else changed)]
    answer = {**answers["devices"], "others": kept, "listed": changed is None}
    answers = answers.answered("devices", answer).unconfirmed("retention")
    if changed is None:
        return _kept(asked, answers, "list", rows=rows)
    try:
        store.store(answers)
    except InputError as error:
        return _page(asked, answers, "list", rows=rows, problem=translate(error.message)), 422
    return redirect(url_for("wizard.step", slug="devices", page="list", **_from_review()), 303)


def _kept(asked: Step, answers: Answers, page: str | None = None, **values: Any) -> ResponseReturnValue:
    """Keep the answers and go on; where a cookie cannot hold them, show `page`, or the question, with the reason."""
    try:
        store.store(answers)
    except InputError as error:
        if page is None:
            values["form"] = asked.form()
            values["form"].fit(answers)
        return _page(asked, answers, page, problem=translate(error.message), **values), 422
    answer_chosen.send(current_app._get_current_object(), step=asked.slug)  # type: ignore[attr-defined]
    return _onward(asked, answers)


def _onward(asked: Step, answers: Answers) -> ResponseReturnValue:
    """Send the person on: to the step after this one, or back to the summary they came from."""
    open_steps = path(answers)
    if asked.slug == "review" and is_complete(answers):
        return redirect(url_for("connection_tests.index"), 303)
    target = open_steps[-1]
    if _from_review():
        unanswered = [s for s in applicable(answers) if not s.is_answered(answers)]
        target = unanswered[0] if unanswered else STEPS[-1]
    elif asked in open_steps and asked is not target:
        target = open_steps[open_steps.index(asked) + 1]
    further = _from_review() if target.slug != "review" else {}
    return redirect(url_for("wizard.step", slug=target.slug, **further), 303)


def _from_review() -> dict[str, Any]:
    """Return the query that remembers that the person came from the summary, or nothing."""
    return FROM_REVIEW if request.args.get("from") == "review" else {}


def _page(asked: Step, answers: Answers, page: str | None = None, **values: Any) -> str:
    taken = applicable(answers)
    # Before we know the provider: GMX as most people have it.
    provider = current_providers().get(answers.provider_id or DEFAULT_PROVIDER) or current_providers()[DEFAULT_PROVIDER]
    visitor = system_of(request.user_agent.string)
    return render_template(
        f"wizard/{asked.slug}-{page}.html" if page else f"wizard/{asked.slug}.html",
        step=asked,
        answers=answers,
        number=taken.index(asked) + 1 if is_total_known(answers) else None,
        total=len(taken),
        from_review=_from_review(),
        back_url=_back_url(asked, answers, page),
        provider=provider,
        clients=CLIENTS,
        visitor=visitor,
        groups=programs.groups(SYSTEMS.get(answers.system or "") or visitor),
        devices_max=DEVICES_MAX,
        imap=next((server for server in provider.servers if server.type is ServerType.IMAP), None),
        others_max=devices.OTHERS_MAX,
        name_max=devices.NAME_MAX,
        unknown=programs.UNKNOWN,
        **values,
    )


def _back_url(asked: Step, answers: Answers, page: str | None) -> str:
    """Return where “back” leads: from a page after the question to the question, else to what was seen before."""
    if page:
        return url_for("wizard.step", slug=asked.slug, again=1, **_from_review())
    if _from_review() and asked.slug != "review":
        return url_for("wizard.step", slug="review")
    previous = before(asked, answers)
    if previous is None:
        return url_for("wizard.start")
    last = {"devices": "list", "retention": "plan"}.get(previous.slug) if len(answers.devices) > 1 else None
    return url_for("wizard.step", slug=previous.slug, **({"page": last} if last else {"again": 1}))
