"""A guide outside of pages: as JSON for the API and `guide --json`, and as text for a terminal."""

from collections.abc import Callable, Iterator
from typing import Any

from webapp.core.account import MailAccount
from webapp.core.clients import CLIENTS
from webapp.core.guides.base import Context, Drawing, Guide, GuideStep, Value
from webapp.core.guides.drawings import alternative_text, svg
from webapp.core.providers import Provider
from webapp.core.text import N_, InputError, Message, Translations

PictureUrl = Callable[[str, str], str | None]  # client and name of a picture → its address


def file_name(client_id: str, account: MailAccount | None, provider: Provider) -> str:
    """Return the name of the file for `account`, else for anybody; "" where there is none."""
    client = CLIENTS[client_id]
    try:
        return client.export(account or provider.account("anna@example.org")).file_name
    except InputError:
        return ""


def as_json(guide: Guide, translations: Translations, picture_url: PictureUrl) -> dict[str, Any]:
    def said(message: Message) -> str:
        return message.translated(translations)

    return {
        "client": guide.context.client,
        "system": guide.context.system,
        "steps": [
            {
                "id": step.id,
                "text": said(step.text),
                "way": [said(Message(word)) for word in step.way],
                "picture": _picture(step, guide.context, said, picture_url),
                "values": [
                    {"label": said(Message(value.label)), "value": _shown(value, translations)} for value in step.values
                ],
                "note": said(step.note) if step.note else "",
                "say": said(step.spoken),
            }
            for step in guide.steps
        ],
    }


def _picture(
    step: GuideStep, context: Context, said: Callable[[Message], str], picture_url: PictureUrl
) -> dict[str, Any] | None:
    shown = step.picture
    if shown is None:
        return None
    if isinstance(shown, Drawing):
        window, values = shown.shown, context.drawn
        alt = alternative_text(window, shown.ring, said, values)
        return {"kind": "drawing", "alt": alt, "url": None, "svg": svg(window, shown.ring, said, values)}
    url = picture_url(context.client, shown.name)
    return {"kind": "screenshot", "alt": said(shown.alt), "url": url, "svg": None}


def as_text(guide: Guide, translations: Translations) -> str:
    """Return the guide for a terminal: what comes first at the provider, then the steps, each with way and values."""

    def said(text: str, **values: str | int | Message) -> str:
        return Message(text, values).translated(translations)

    name = Message(CLIENTS[guide.context.client].name)
    parts = []
    if guide.preparation:
        parts.append((said(N_("First at %(provider)s"), provider=guide.context.provider.name), guide.preparation))
    parts.append((said(N_("In %(program)s"), program=name), guide.steps))
    lines: list[str] = []
    for title, steps in parts:
        lines += [title, "=" * len(title), ""]
        for number, step in enumerate(steps, 1):
            lines += _lines(number, step, translations)
    return "\n".join(lines)


def _lines(number: int, step: GuideStep, translations: Translations) -> Iterator[str]:
    yield f"{number:2}. {step.text.translated(translations)}"
    if step.way:
        yield "    " + " › ".join(Message(word).translated(translations) for word in step.way)
    for value in step.values:
        label, text = Message(value.label).translated(translations), _shown(value, translations)
        if "\n" in text:
            yield f"    {label}:"
            yield from (f"        {line}".rstrip() for line in text.splitlines())
        else:
            yield f"    {label}: {text}"
    if step.note:
        yield f"    ({step.note.translated(translations)})"
    yield ""


def _shown(value: Value, translations: Translations) -> str:
    return value.value if isinstance(value.value, str) else value.value.translated(translations)
