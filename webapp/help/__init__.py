"""Help with a message of one's own mail program: a search, and a page for every cause."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request

from webapp.config import current_providers
from webapp.diagnosis import CATALOGUE
from webapp.diagnosis.programs import MESSAGES, PROGRAMS, ProgramMessage, messages_meaning, search
from webapp.diagnosis.programs.matching import QUERY_MAX
from webapp.providers import Provider
from webapp.text import N_, Message
from webapp.wizard import answers
from webapp.wizard.steps import is_complete

DEFAULT_PROVIDER = "gmx.net"
SHOWN_AT_ONCE = 5  # results; more than a worried person reads

blueprint = Blueprint("help", __name__, url_prefix="/help")


@blueprint.get("")
def index() -> str:
    """Search what is in `?q=` and show what it can mean; without it, list the messages by program."""
    query = request.args.get("q", "").strip()[:QUERY_MAX]
    program = request.args.get("program", answers.load().client)
    program = program if program in PROGRAMS else None
    return render_template(
        "help/index.html",
        query=query,
        program=program,
        programs=PROGRAMS,
        listed=_listed(),
        results=search(query, program) if query else (),
        catalogue=CATALOGUE,
        shown_at_once=SHOWN_AT_ONCE,
        testable=is_complete(answers.load()),
    )


@blueprint.get("/<diagnosis_id>")
def show(diagnosis_id: str) -> str:
    """Explain one cause, in the words for the servers of the person's own provider where we know it."""
    if diagnosis_id not in CATALOGUE:
        abort(404)
    provider = _provider()
    messages = messages_meaning(diagnosis_id)
    return render_template(
        "help/show.html",
        diagnosis=CATALOGUE[diagnosis_id].for_provider(provider),
        provider=provider,
        programs=PROGRAMS,
        messages={key: found for key in PROGRAMS if (found := [m for m in messages if m.program == key])},
        testable=is_complete(answers.load()),
    )


def _listed() -> list[tuple[str, Message, list[ProgramMessage]]]:
    """Return every message under a key and a title: what people notice first, then each program, then the servers."""
    noticed = [message for message in MESSAGES if not message.program and "de" in message.texts]
    answers_of_servers = [message for message in MESSAGES if not message.program and "de" not in message.texts]
    return [
        ("noticed", Message(N_("What you notice")), noticed),
        *((key, PROGRAMS[key], [message for message in MESSAGES if message.program == key]) for key in PROGRAMS if key),
        ("answers", Message(N_("Answers from GMX, and messages about encryption")), answers_of_servers),
    ]


def _provider() -> Provider | None:
    providers = current_providers()
    return providers.get(answers.load().provider_id or DEFAULT_PROVIDER)
