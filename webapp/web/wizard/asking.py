"""How a step is asked and answered: the same for the way itself and for what `/adjust` changes."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from webapp.core.clients import CLIENTS
from webapp.core.providers import Provider
from webapp.core.systems import SYSTEMS, system_of
from webapp.core.text import N_, InputError, Message
from webapp.infrastructure import came_from, events, i18n, mistakes, security
from webapp.infrastructure.config import DEVICES_MAX, current_providers
from webapp.infrastructure.session import PLACE
from webapp.web.wizard import answers as store
from webapp.web.wizard import devices, forms, pictures, programs
from webapp.web.wizard.steps import ADJUSTMENTS, STEPS, Step, before, is_complete, path

MISTAKE_MAX: Final = 400  # bytes of an entry that wait there: more than any field takes, so that a mistake stays one

_TOO_LONG = N_("That is more text than fits. Shorten it.")

Onward = Callable[[Step, store.Answers], ResponseReturnValue]


def known(answers: store.Answers) -> store.Answers:
    """Return the answers without what this installation no longer has: a provider or program taken away since."""
    if answers.provider_id and answers.provider_id not in current_providers():
        answers = answers.without("address", "platform")
    if answers["protocol"] and not store.provider_of(answers).imap:
        answers = answers.without("protocol")
    if answers["program"].get("client") not in (None, programs.UNKNOWN, *CLIENTS):
        answers = answers.without("program")
    return answers


def url_of(step: Step, **query: Any) -> str:
    """Return where a step is asked. The address is asked on the start page."""
    if step in ADJUSTMENTS:
        return url_for("wizard.adjustment", slug=step.slug, **query)
    if step is STEPS[0] and "page" not in query:
        return url_for("wizard.start", **query)
    return url_for("wizard.step", slug=step.slug, **query)


def next_url(answers: store.Answers) -> str:
    """Return where a person goes on: the first unanswered step, else the guide, where they were in it.

    Who has lost all answers is told.
    """
    if not answers:
        return url_for("wizard.start", gone=1)
    if is_complete(answers):
        guide, url = session.get(PLACE) or ("", "")
        return str(url) if guide == _guide_of(answers) else url_for("guides.start")
    step = path(answers)[-1]
    return url_for("wizard.step", slug=step.slug) if step.stop(answers) else url_of(step)


def keep_place(answers: store.Answers, url: str) -> None:
    """Keep the step of the guide that is seen: it is written only where it is another one."""
    place = [_guide_of(answers), url]
    if session.get(PLACE) != place:
        session[PLACE] = place


def _guide_of(answers: store.Answers) -> str:
    """Return what tells for which address, program and devices a guide is."""
    devices = [(one.device.client, one.device.system) for one in answers.plan.devices]
    return hashlib.sha256(repr((answers.email_address, answers.by_imap, devices)).encode()).hexdigest()[:12]


def mark_of(answers: store.Answers) -> str:
    """Return what tells in a form for which address it was opened: another tab may have changed it since."""
    return hashlib.sha256(answers.email_address.encode()).hexdigest()[:12]


def is_of_another_address(answers: store.Answers) -> bool:
    return request.form.get("for", mark_of(answers)) != mark_of(answers)


def show(asked: Step, answers: store.Answers, stop: str | None = None) -> str:
    """Show the question, or the page after it that holds the person."""
    stop = None if "again" in request.args else stop
    mistaken = mistakes.take(asked.slug)
    events.step_reached.send(events.running_app(), step=asked.slug, page=stop or "")
    if stop:
        rows = devices.rows_of(answers["devices"].get("others", ()))
        return render(asked, answers, stop, rows=rows if mistaken is None else [row.checked() for row in rows])
    if mistaken is None:
        form = asked.form(formdata=None)
        form.fit(answers)
        form.show(answers[asked.slug])
        return render(asked, answers, form=form)
    return _mistaken(asked, answers, mistaken["fields"])


def _mistaken(asked: Step, answers: store.Answers, fields: Mapping[str, str]) -> str:
    """Return the question with what was typed, and what is wrong in it."""
    form = asked.form(formdata=MultiDict(fields), meta={"csrf": False})
    form.fit(answers)
    if "switch" in fields:  # between POP and IMAP, with what was typed so far: nothing is wrong yet
        return render(asked, answers, form=form)
    return render(asked, answers, form=form, problem=i18n.translate(Message(_TOO_LONG)) if form.validate() else None)


def refuse(asked: Step, fields: Mapping[str, str], **query: str) -> ResponseReturnValue:
    """Lead to the page that shows what is wrong in `fields`; what is too long for a cookie is cut there."""
    for room in (MISTAKE_MAX, MISTAKE_MAX // 4, 0):
        if mistakes.keep(asked.slug, fields={name: _cut(text, room) for name, text in fields.items()}):
            return redirect(url_of(asked, **{**kept_query(), **query}), 303)
    # It is shown at once: nowhere is room for it.
    answers = known(store.load())
    if "page" in query:
        rows = [row.checked() for row in devices.rows_of(answers["devices"].get("others", ()))]
        return render(asked, answers, query["page"], rows=rows), 422
    return _mistaken(asked, answers, fields), 422


def _cut(text: str, room: int) -> str:
    """Return as much of `text` as takes `room` bytes in the cookie, where all but ASCII is written in escapes."""
    return text[:room] if text.isascii() else text[: room // 12]


def kept_query() -> dict[str, Any]:
    """Return what the address of a page says beside the answers: the system that the person wants to see.

    next: it is asked for their next device, by IMAP.
    """
    system = request.args.get("system", "")
    return {**({"system": system} if system in SYSTEMS else {}), **({"next": 1} if "next" in request.args else {})}


def checked(asked: Step, answers: store.Answers) -> forms.StepForm | ResponseReturnValue:
    """Return the form that was sent, or the answer that shows what is wrong in it."""
    form = asked.form()
    form.fit(answers)
    if form.validate():
        return form
    texts = tuple(text for errors in form.errors.values() for text in errors)
    events.answer_refused.send(events.running_app(), step=asked.slug, texts=texts)
    fields = {field.name: request.form[field.name] for field in form if field.name in request.form}
    fields.pop("csrf_token", None)
    return refuse(asked, fields, again="1")


def keep(
    asked: Step, answers: store.Answers, onward: Onward, page: str | None = None, **values: Any
) -> ResponseReturnValue:
    """Keep the answers and go on; where a cookie cannot hold them, show `page`, or the question, with the reason.

    At once: nothing that was typed is lost, though nothing of it can wait for another page.
    """
    try:
        store.store(answers)
    except InputError as error:
        if page is None:
            values["form"] = asked.form()
            values["form"].fit(answers)
        return render(asked, answers, page, problem=i18n.translate(error.message), **values), 422
    events.answer_chosen.send(events.running_app(), step=asked.slug)
    return onward(asked, answers)


def short_address(provider: Provider) -> str:
    """Return what a person types at a computer to see the switch there, short enough to copy from a phone."""
    first = provider is next(iter(current_providers().values()))
    return security.public_url("wizard.switch", provider_id=None if first else provider.id).partition("://")[2]


def render(asked: Step, answers: store.Answers, page: str | None = None, **values: Any) -> str:
    provider = store.provider_of(answers)
    visitor = system_of(request.user_agent.string)
    system = SYSTEMS.get(request.args.get("system") or answers.system or "") or visitor
    return render_template(
        f"wizard/{asked.slug}-{page}.html" if page else f"wizard/{asked.slug}.html",
        step=asked,
        next_device="next" in request.args,
        action=url_for("wizard.step", slug=asked.slug, **kept_query()) if asked in STEPS else url_of(asked),
        again_url=url_of(asked, again=1),
        answers=answers,
        mark=mark_of(answers),
        adjusting=asked in ADJUSTMENTS,
        back_url=_back_url(asked, answers, page),
        onward=next_url(answers) if answers.provider_id else None,
        provider=provider,
        served=current_providers(),
        clients=CLIENTS,
        visitor=visitor,
        system=system,
        tiles=programs.tiles(system, visitor, request.user_agent.string),
        groups=programs.groups(system),
        devices_max=DEVICES_MAX,
        others_max=devices.OTHERS_MAX,
        name_max=devices.NAME_MAX,
        unknown=programs.UNKNOWN,
        switch_address=short_address(provider),
        tile_picture=pictures.tile,
        page_of=pictures.page_of,
        desktop_site=pictures.desktop_site,
        **values,
    )


def _back_url(asked: Step, answers: store.Answers, page: str | None) -> str:
    """Return where “back” leads: from a page after the question to the question, else to what was seen before."""
    if page:
        return url_of(asked, again=1)
    if "next" in request.args:
        return url_for("wizard.done")
    if asked in ADJUSTMENTS:
        return url_for("wizard.adjust")
    if "again" in request.args and (origin := came_from.came_from("step")) and origin != url_for("help.index"):
        return origin  # it led here on purpose; the help itself is at the foot of every page, and would lead here again
    previous = before(asked, answers)
    return url_of(previous, again=1) if previous else url_for("wizard.start")
