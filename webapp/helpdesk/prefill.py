"""What the agent prepared becomes answers of the person, where they have not answered yet themselves."""

from collections.abc import Mapping

from webapp.core.providers import find
from webapp.core.text import InputError
from webapp.infrastructure.config import current_providers
from webapp.web.wizard import answers as store
from webapp.web.wizard import programs


def applied(prefill: Mapping[str, str], answers: store.Answers) -> store.Answers:
    """Return `answers` with what is prepared and not yet answered."""
    address, client = prefill.get("email_address", ""), prefill.get("client", "")
    if address and "address" not in answers:
        finding = find(address, current_providers())
        if finding.providers:
            ids = [provider.id for provider in finding.providers]
            answer = {"email_address": finding.address, "providers": ids, "certainty": finding.certainty.value}
            answers = answers.answered("address", answer)
    if client and "program" not in answers:
        client, device = programs.parse(f"{client}:{prefill.get('device') or ''}")
        answers = answers.answered("program", {"client": client, "device": device})
    return answers


def apply(prefill: Mapping[str, str]) -> bool:
    """Keep the prepared answers in this person's session; return whether any was new."""
    before = store.load()
    after = applied(prefill, before)
    if after == before:
        return False
    try:
        store.store(after)
    except InputError:  # larger than the cookie: then the person answers
        return False
    return True
