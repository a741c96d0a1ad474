"""From the phone to the computer: a short address and a code to type there, which opens the same step, to read.

The code stands for the link of the person (`webapp.web.downloads`): once, for minutes, under the limits of codes.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField

from webapp.core.text import N_
from webapp.infrastructure import events, limits, mistakes, security
from webapp.infrastructure.codes import CODE_MINUTES, CodeForm, browser, entered, printable, spoken
from webapp.web.downloads import codes
from webapp.web.wizard import answers as store
from webapp.web.wizard import asking, finish

CODE_KEY = "computer_code"  # in the person's own sealed session: the code to type, and until when
PREPARATION = "preparation"
ALL = "all"
KEPT = ("device", "way", "used")  # of the query, which say whose guide it is
VALUE_MAX = 20
_WRONG = N_("This code does not fit, or it has run out. Let your phone show a new one.")


class PhoneCodeForm(CodeForm):
    code = StringField(N_("Code from your phone"), filters=[printable])


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/computer", view_func=computer)
    blueprint.add_url_rule("/computer", view_func=enter, methods=["POST"])
    blueprint.add_url_rule("/guide/<step_id>/computer", view_func=hand_over, methods=["POST"])
    blueprint.app_context_processor(lambda: {"handover": shown})
    events.when_forgotten(blueprint, _forget)


def hand_over(step_id: str) -> ResponseReturnValue:
    """Make the code that opens this step at the computer; from the preparation, the page of all steps."""
    answers = store.load()
    # The switch at the provider is taken as done: that is what the computer is for.
    wish = finish.wish_of(answers if PREPARATION in answers else answers.answered(PREPARATION, {}))
    if wish is None:
        return redirect(asking.next_url(answers), 303)
    finish.count_link()
    token = finish.make_link(wish)
    _forget()
    kept: dict[str, Any] = {name: value for name in KEPT if (value := request.args.get(name, "")[:VALUE_MAX])}
    code = codes.make(token, {**kept, "step_id": ALL if step_id == PREPARATION else step_id})
    until = datetime.now(UTC) + timedelta(minutes=CODE_MINUTES)
    session[CODE_KEY] = [code, int(until.timestamp())]
    page = url_for("wizard.step", slug=PREPARATION, again=1) if step_id == PREPARATION else None
    return redirect((page or url_for("guides.step", step_id=step_id, **kept)) + "#computer", 303)


def shown() -> dict[str, Any] | None:
    """Return the code to type at the computer with its address, while it is good; None where there is none."""
    code, until = session.get(CODE_KEY) or ("", 0)
    if until <= datetime.now(UTC).timestamp():
        return None
    address = security.public_url("guides.computer").partition("://")[2]
    return {"code": spoken(code), "address": address, "minutes": CODE_MINUTES}


def computer() -> ResponseReturnValue:
    browser()
    return _computer(mistakes.form_of(PhoneCodeForm))


def _computer(form: PhoneCodeForm) -> ResponseReturnValue:
    return render_template("guides/computer.html", form=form), mistakes.status(form)


def enter() -> ResponseReturnValue:
    """Exchange the code. Unknown, expired and used ones get one answer."""
    form = PhoneCodeForm()
    if not form.validate():
        return mistakes.refuse(form, url_for("guides.computer"), lambda: _computer(form))
    found = entered(form.code.data or "", lambda code: codes.take(code, browser()))
    if isinstance(found, limits.Wait):
        return render_template("guides/computer.html", form=form, wait=found), 429
    if found is None:
        mistakes.put(form.code, _WRONG)
        return mistakes.refuse(form, url_for("guides.computer"), lambda: _computer(form))
    where: dict[str, Any] = {"token": found[0], **found[1]}
    return redirect(url_for("guides.along", **where), 303)


def _forget(_app: Flask | None = None) -> None:
    """Make the last code of this person good for nothing."""
    code, _ = session.pop(CODE_KEY, None) or ("", 0)
    if code:
        codes.remove(code)
