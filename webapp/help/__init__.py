"""Help with a message of one's own mail program: a search, and a page for every cause."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request

from webapp.config import current_providers
from webapp.diagnosis import CATALOGUE
from webapp.diagnosis.programs import MESSAGES, PROGRAMS, messages_meaning, search
from webapp.diagnosis.programs.matching import QUERY_MAX
from webapp.providers import Provider
from webapp.wizard import answers

DEFAULT_PROVIDER = "gmx.net"
SHOWN_AT_ONCE = 5  # results; more than a worried person reads

blueprint = Blueprint("help", __name__, url_prefix="/help")


@blueprint.get("")
def index() -> str:
    """Search what is in `?q=` and show what it can mean; without it, list the messages by program."""
    query = request.args.get("q", "").strip()[:QUERY_MAX]
    program = request.args.get("program", answers.load().client)
    program = program if program in PROGRAMS else None
    listed = {key: [message for message in MESSAGES if message.program == key] for key in PROGRAMS}
    return render_template(
        "help/index.html",
        query=query,
        program=program,
        programs=PROGRAMS,
        listed=listed,
        results=search(query, program) if query else (),
        catalogue=CATALOGUE,
        shown_at_once=SHOWN_AT_ONCE,
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
    )


def _provider() -> Provider | None:
    providers = current_providers()
    return providers.get(answers.load().provider_id or DEFAULT_PROVIDER)
