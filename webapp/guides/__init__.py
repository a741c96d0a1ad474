"""Guides for the time after the set-up: backup, a new password, a new computer, to POP and back to IMAP.

They need no answers and hold nothing of the person. `?client=` and `?device=` only bring the section of that program to
the top.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from flask import Blueprint, Response, abort, render_template, request, url_for

from webapp.clients import CLIENTS
from webapp.config import current_config, current_providers
from webapp.guides.reminder import EVERY, reminder
from webapp.i18n import current_locale
from webapp.providers import Provider
from webapp.text import N_, Message
from webapp.wizard import answers

DEFAULT_PROVIDER = "gmx.net"
DEVICES = ("iphone", "mac")
# Programs of the command line run on Linux alone; without their file there is nothing to do by hand in them.
BY_HAND = MappingProxyType({id_: client for id_, client in CLIENTS.items() if client.systems != ("linux",)})

blueprint = Blueprint("guides", __name__, url_prefix="/guides")


@dataclass(frozen=True, slots=True)
class Topic:
    """A guide: its heading, and what it is good for in one line. Its template bears its slug."""

    slug: str
    title: Message
    summary: Message


TOPICS: Mapping[str, Topic] = MappingProxyType(
    {
        topic.slug: topic
        for topic in (
            Topic(
                "backup",
                Message(N_("Back up your mail")),
                Message(N_("What POP has fetched often lies on your device only. So keep a second copy.")),
            ),
            Topic(
                "password-changed",
                Message(N_("You changed your password")),
                Message(N_("Your program needs the new password too, twice, and soon.")),
            ),
            Topic(
                "new-computer",
                Message(N_("You have a new computer")),
                Message(N_("How to take your mail with you without fetching it twice.")),
            ),
            Topic(
                "moving-to-pop",
                Message(N_("Change from IMAP to POP")),
                Message(N_("Or from an older POP account, without loading everything twice.")),
            ),
            Topic(
                "back-to-imap",
                Message(N_("Back to IMAP")),
                Message(N_("How to get the mail you have fetched back to GMX.")),
            ),
        )
    }
)


@blueprint.get("")
def index() -> str:
    return render_template("guides/index.html", topics=TOPICS, clients=BY_HAND)


@blueprint.get("/<topic>")
def show(topic: str) -> str:
    """Show one guide, the section of the program in `?client=` (or of the person's answers) first."""
    if topic not in TOPICS:
        abort(404)
    client, device = _program()
    return render_template(
        f"guides/{topic}.html",
        topic=TOPICS[topic],
        topics=TOPICS,
        client_id=client,
        device=device,
        provider=_provider(),
        every=EVERY,
    )


@blueprint.get("/program/<client_id>")
def program(client_id: str) -> str:
    """Show the way through a program's menus without a file: to look at, to print, to send to somebody."""
    if client_id not in BY_HAND:
        abort(404)
    return render_template(
        "guides/program.html",
        client=BY_HAND[client_id],
        device=_device(request.args.get("device")),
        provider=_provider(),
        topics=TOPICS,
    )


@blueprint.get("/backup-reminder.ics")
def backup_reminder() -> Response:
    """Send a calendar entry that comes back every month or quarter; it holds nothing of the person."""
    every = request.args.get("every", "month")
    if every not in EVERY:
        abort(404)
    content = reminder(
        every,
        locale=current_locale(),
        host=current_config().public_host,
        url=url_for("guides.show", topic="backup", _external=True),
    )
    response = Response(content, mimetype="text/calendar")
    response.headers.set("Content-Disposition", "attachment", filename=f"gmx-backup-{every}.ics")
    return response


def _program() -> tuple[str | None, str | None]:
    """Return id and device of the program asked for, or of the answers; None where there is none."""
    asked = request.args.get("client")
    if asked in CLIENTS:
        return asked, _device(request.args.get("device"))
    given = answers.load()
    return given.client, _device(given.device)


def _device(text: str | None) -> str | None:
    return text if text in DEVICES else None


def _provider() -> Provider | None:
    return current_providers().get(answers.load().provider_id or DEFAULT_PROVIDER)
