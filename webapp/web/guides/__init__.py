"""The guide of a mail program: one step at a time, or all of them on one page, and along on the phone."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from webapp.core.clients import CLIENTS
from webapp.core.guides import SOURCES, Gives, GuideStep
from webapp.core.systems import system_of
from webapp.infrastructure import events, qr, security
from webapp.web.downloads import found_wish, inline
from webapp.web.guides import handover, pictures
from webapp.web.guides.reading import FIRST_DEVICE, Reading, of_offer, of_program
from webapp.web.wizard import adjusting, asking, finish
from webapp.web.wizard import answers as store

ALL = "all"
LINK = "link"  # in the query: the code of the link is to be seen

blueprint = Blueprint("guides", __name__)
handover.register(blueprint)


@blueprint.get("/guide")
def start() -> ResponseReturnValue:
    reading = _own()
    return redirect(reading.url(reading.guide.steps[0].id) if reading else _first_question(), 303)


@blueprint.get("/guide/<step_id>")
def step(step_id: str) -> ResponseReturnValue:
    """Show one step, or all on one page, of the person's own guide or, with `?client=`, of a program alone."""
    reading = _own()
    if reading is None:
        return redirect(_first_question(), 303)
    return _page(reading, step_id)


@blueprint.get("/f/<token>/guide")
def along_from_start(token: str) -> ResponseReturnValue:
    reading = _along(token)
    return redirect(reading.url(reading.guide.steps[0].id), 303)


@blueprint.get("/f/<token>/guide/<step_id>")
def along(token: str, step_id: str) -> ResponseReturnValue:
    """Show a step to whoever has the link, such as the person on their phone: to read, and nothing else."""
    return _page(_along(token), step_id)


@blueprint.post("/guide/<step_id>/link")
def link(step_id: str) -> ResponseReturnValue:
    """Make the link that opens this step on the phone, and show it."""
    reading = _own()
    if reading is None or reading.offer is None:
        return redirect(_first_question(), 303)
    finish.make_link(reading.offer.wish)
    return redirect(reading.url(step_id, link="1") + "#phone", 303)


def _along(token: str) -> Reading:
    wish = found_wish(token)
    offer = next((offer for offer in wish.offers() if offer.key == request.args.get("device", FIRST_DEVICE)), None)
    if offer is None:
        abort(404)
    return of_offer(offer, request.args, token=token, endpoint="guides.along")


def _own() -> Reading | None:
    """Return the guide of the program in the query, else of the answers; None where they are not complete."""
    answers = store.load()
    client_id = request.args.get("client")
    if client_id is not None:
        if client_id not in SOURCES or client_id not in CLIENTS:
            abort(404)
        return of_program(client_id, store.provider_of(answers), request.args)
    wish = finish.wish_of(answers)
    if wish is None:
        return None
    offer = finish.offer_of(wish, request.args.get("device", FIRST_DEVICE))
    return of_offer(offer, request.args, answers.two_factor)


def _first_question() -> str:
    return asking.next_url(store.load())


def _page(reading: Reading, step_id: str) -> ResponseReturnValue:
    """Show a step; who asks for one that this guide has not is led to its first."""
    if step_id == ALL:
        site = security.public_url("wizard.start").partition("://")[2].rstrip("/")
        return render_template("guides/all.html", site=site, today=datetime.now(UTC).date(), **_words(reading))
    number = reading.guide.index(step_id)
    if number is None:
        return redirect(reading.url(reading.guide.steps[0].id), 303)
    shown = reading.guide.steps[number]
    if reading.token is None:
        events.guide_step_reached.send(
            events.running_app(), client=reading.client_id, way=str(reading.guide.way), step=shown.id
        )
        if reading.offer:
            asking.keep_place(store.load(), reading.url(shown.id))
    return render_template(
        "guides/step.html",
        step=shown,
        number=number,
        unseen="unseen" in request.args,
        phone=_phone(reading, shown),
        **_words(reading),
    )


def _words(reading: Reading) -> dict[str, Any]:
    offer, context = reading.offer, reading.guide.context
    exports = dict(offer.exports()) if offer else {}
    agent_system = system_of(request.user_agent.string)
    on_phone = agent_system is not None and agent_system.is_mobile
    return {
        "reading": reading,
        "guide": reading.guide,
        "client": CLIENTS[reading.client_id],
        "account": context.account,
        "offer": offer,
        "picture_of": lambda step: pictures.picture(step, context),
        "unsaid": pictures.way_says_more,
        "file_url": _file_url(reading),
        "qr_svg": inline(exports["qr-svg"]) if "qr-svg" in exports else None,
        "gives": Gives,
        "fetched": reading.token is None and session.get(adjusting.SET_UP_KEY) == adjusting.FETCHED,
        # A profile is fetched twice by some browsers of the iPhone, the second time without the cookie.
        "by_link": reading.token is None and reading.system is not None and reading.system.id == "iphone",
        "on_phone": on_phone,
        # The guide is for the computer, and this is a phone.
        "at_computer": on_phone and not _is_mobile(reading),
        # The guide is for a phone, and this is another device.
        "elsewhere": _is_mobile(reading) and agent_system not in (None, reading.system),
    }


def _is_mobile(reading: Reading) -> bool:
    return reading.system is not None and reading.system.is_mobile


def _file_url(reading: Reading) -> str | None:
    if not reading.file_name or reading.offer is None:
        return None
    if reading.token:
        return url_for("downloads.file", token=reading.token, file_name=reading.file_name)
    return url_for("wizard.file", file_name=reading.file_name)


def _phone(reading: Reading, shown: GuideStep) -> dict[str, Any] | None:
    """Return the link that opens this step on the phone, once the person has asked for it."""
    if reading.token or reading.offer is None or LINK not in request.args:
        return None
    token = finish.link_token(reading.offer.wish)
    if token is None:
        return None
    kept = {key: value for key, value in reading.kept.items() if value}
    where: dict[str, Any] = {**kept, "token": token, "step_id": shown.id}
    url = security.public_url("guides.along", **where)
    return {
        "url": url,
        "path": url_for("guides.along", **where),
        "qr_code": qr.qr_code(url),
        "only_here": security.is_only_here(),
    }
