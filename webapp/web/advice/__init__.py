"""Advice for the time after the set-up: backup, a new password, a new computer, to POP and back to IMAP.

They need no answers and contain no personal data. `?client=` and `?device=` move that program's section to the top.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from webapp.core.clients import CLIENTS
from webapp.core.guides import SOURCES
from webapp.core.text import N_, Message
from webapp.infrastructure import compression, i18n, security
from webapp.infrastructure.config import current_config, site_provider
from webapp.web.advice import programs, reminder
from webapp.web.wizard import answers

DEVICES = ("iphone", "mac")
BY_HAND = {id_: client for id_, client in CLIENTS.items() if client.by_hand}

blueprint = Blueprint("advice", __name__, url_prefix="/advice")
compression.allow(blueprint)


@blueprint.record_once
def _former_addresses(state: BlueprintSetupState) -> None:
    """Lead bookmarks and printed addresses of former versions (`/guides`, `/guides/<topic>`) here."""
    state.app.add_url_rule("/guides", "advice.former", _moved, defaults={"rest": ""})
    state.app.add_url_rule("/guides/<path:rest>", "advice.former", _moved)


def _moved(rest: str) -> ResponseReturnValue:
    program, _, client_id = rest.partition("/")
    if program == "program" and client_id in SOURCES:
        return redirect(url_for("guides.step", step_id="all", client=client_id), 301)
    query = request.query_string.decode()
    return redirect("/".join(filter(None, (url_for("advice.index"), rest))) + (f"?{query}" if query else ""), 301)


@dataclass(frozen=True, slots=True)
class Topic:
    """An article: heading and summary. Its template is named after its slug."""

    slug: str
    title: Message
    summary: Message


TOPICS: Mapping[str, Topic] = {
    topic.slug: topic
    for topic in (
        Topic(
            "programs",
            Message(N_("Does my program speak POP?")),
            Message(N_("Which e-mail programs fetch by POP, which take our file, and which know IMAP only.")),
        ),
        Topic(
            "backup",
            Message(N_("Back up your mail")),
            Message(N_("What POP has fetched often lies on your device only. So keep a second copy.")),
        ),
        Topic(
            "password-changed",
            Message(N_("You changed your password")),
            Message(N_("Type the new password into your program, too.")),
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
            Message(N_("How to get the mail you have fetched back to %(provider)s.")),
        ),
    )
}


@blueprint.get("")
def index() -> str:
    """List the articles; indexable, as each of them is."""
    security.allow_indexing()
    return render_template("advice/index.html", topics=TOPICS, clients=BY_HAND)


@blueprint.get("/<topic>")
def show(topic: str) -> str:
    """Show one article, with the section of the program in `?client=` or in the answers first."""
    if topic not in TOPICS:
        abort(404)
    client, device = _program()
    security.allow_indexing()
    return render_template(
        f"advice/{topic}.html",
        topic=TOPICS[topic],
        topics=TOPICS,
        client_id=client,
        device=device,
        provider=answers.provider_of(answers.load()),
        every=reminder.EVERY,
        rows=programs.rows,
    )


@blueprint.get("/backup-reminder.ics")
def backup_reminder() -> Response:
    """Send a recurring calendar entry, monthly or quarterly, without personal data."""
    every = request.args.get("every", "month")
    if every not in reminder.EVERY:
        abort(404)
    content = reminder.reminder(
        every,
        locale=i18n.current_locale(),
        host=current_config().public_host,
        url=url_for("advice.show", topic="backup", _external=True),
    )
    response = Response(content, mimetype="text/calendar")
    response.headers.set(
        "Content-Disposition", "attachment", filename=f"{site_provider().file_word.lower()}-backup-{every}.ics"
    )
    return response


def _program() -> tuple[str | None, str | None]:
    """Return client id and device of the query, else of the answers, else None."""
    asked = request.args.get("client")
    if asked in CLIENTS:
        return asked, _device(request.args.get("device"))
    given = answers.load()
    return given.client, _device(given.system)


def _device(text: str | None) -> str | None:
    return text if text in DEVICES else None
