"""What has a default that loses nothing, and is changed by who wants to: `/adjust` and its questions."""

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from webapp.core.account import MailAccount, ServerType
from webapp.core.text import N_, InputError, Message
from webapp.infrastructure.config import current_providers
from webapp.infrastructure.i18n import translate
from webapp.web.wizard import answers as store
from webapp.web.wizard import asking, devices, forms
from webapp.web.wizard.steps import ADJUSTMENTS, Step, is_complete

IN_THE_FILE = ("retention", "name", "port", "outlook-profile")  # what a file that was fetched before holds
SET_UP_KEY = "set_up"  # in the session: a file was fetched, or the person says that it works
FETCHED = "file"  # the value there for the first of the two
WORKS_KEY = "works"  # in the session: the mark of the address whose first device works, its owner says


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/adjust", view_func=adjust)
    blueprint.add_url_rule("/adjust/in-program", view_func=in_program)
    blueprint.add_url_rule("/adjust/<slug>", view_func=adjustment, methods=["GET", "POST"])


def adjust() -> ResponseReturnValue:
    answers = asking.known(store.load())
    if not is_complete(answers):
        return redirect(asking.next_url(answers), 303)
    return render_template(
        "wizard/adjust.html",
        answers=answers,
        provider=store.provider_of(answers),
        adjustments=[one for one in ADJUSTMENTS if one.applies(answers)],
        url_of=asking.url_of,
        back_url=asking.next_url(answers),
        port=answers.smtp_port or store.provider_of(answers).server(ServerType.SMTP).port,
        changed=request.args.get("changed", ""),
    )


def adjustment(slug: str) -> ResponseReturnValue:
    """Ask for one change, or take it."""
    asked = next((candidate for candidate in ADJUSTMENTS if candidate.slug == slug), None)
    if asked is None:
        abort(404)
    answers = asking.known(store.load())
    if not is_complete(answers) or not asked.applies(answers):
        return redirect(asking.next_url(answers), 303)
    if request.method == "POST":
        if asking.is_of_another_address(answers):
            return redirect(url_for("wizard.adjust"), 303)
        return _answered(asked, answers)
    return asking.show(asked, answers, asked.stop(answers) or _wanted_page(asked, answers))


def _wanted_page(asked: Step, answers: store.Answers) -> str | None:
    """Return the page after the question that a person comes back to: the list of devices, the plan."""
    page = request.args.get("page")
    if asked.slug == "devices" and page == "list" and answers["devices"].get("confirmed"):
        return page
    return page if asked.slug == "retention" and page == "plan" and len(answers.devices) > 1 else None


def _answered(asked: Step, answers: store.Answers) -> ResponseReturnValue:
    if asked.slug == "devices" and "list" in request.form and answers["devices"].get("confirmed"):
        return _listed(asked, answers)
    if request.form.get("confirm"):
        return _confirmed(asked, answers)
    form = asking.checked(asked, answers)
    if not isinstance(form, forms.StepForm):
        return form
    answer = form.answer()
    if asked.slug == "devices":  # the list outlives a change of mind
        answer |= {key: value for key, value in answers["devices"].items() if key in ("others", "listed")}
        answers = answers.unconfirmed("retention")  # whose page showed another plan
    answers = answers.answered(asked.slug, answer)
    if asked.slug == "protocol" and answers.by_imap:  # which needs no plan: /done asks for the next device
        rest = {key: value for key, value in answers["devices"].items() if key != "devices"}
        answers = answers.answered("devices", rest)
    return asking.keep(asked, answers, _onward)


def _confirmed(asked: Step, answers: store.Answers) -> ResponseReturnValue:
    """Take that the person read the page that holds them; what it says must be what they wish now."""
    wish = request.form.get("wish", str(answers.wished))
    if not asked.fits(answers) or wish != str(answers.wished):
        return redirect(asking.url_of(asked, again=1), 303)
    return asking.keep(asked, answers.confirmed(asked.slug), _onward)


def _listed(asked: Step, answers: store.Answers) -> ResponseReturnValue:
    """Take the list of devices: a button changes it, “continue” checks it."""
    rows = devices.read(request.form)
    changed = devices.changed(rows, request.form["list"])
    checked = [row.checked() for row in rows]
    wrong = changed is None and any(row.errors for row in checked)
    done = changed is None and not wrong
    kept = [row.cut().as_json() for row in (checked if done else changed or rows)]
    answers = answers.answered("devices", {**answers["devices"], "others": kept, "listed": done})
    answers = answers.unconfirmed("retention")
    if done:
        return asking.keep(asked, answers, _onward, "list", rows=checked)
    try:
        store.store(answers)
    except InputError as error:  # at once: what was typed can lie nowhere
        rows = checked if wrong else changed or rows
        return asking.render(asked, answers, "list", rows=rows, problem=translate(error.message)), 422
    return asking.refuse(asked, {}, page="list") if wrong else redirect(asking.url_of(asked, page="list"), 303)


def _onward(asked: Step, answers: store.Answers) -> ResponseReturnValue:
    """Lead on: to the page that holds the person, to the plan of several devices, else back to the list of changes."""
    if asked.stop(answers):
        return redirect(asking.url_of(asked), 303)
    if asked.slug == "devices" and len(answers.devices) > 1:
        return redirect(url_for("wizard.adjustment", slug="retention", page="plan"), 303)
    works = session.get(WORKS_KEY) == asking.mark_of(answers)
    if asked.slug == "retention" and works and len(answers.devices) > 1 and not answers.plan.clearing:
        # There the next device waits; the first leaves everything, as before.
        return redirect(url_for("wizard.done"), 303)
    if (asked.slug in IN_THE_FILE or (asked.slug == "protocol" and answers.by_imap)) and session.get(SET_UP_KEY):
        return redirect(url_for("wizard.in_program", changed=asked.slug), 303)
    return redirect(url_for("wizard.adjust", changed=asked.slug), 303)


def in_program() -> ResponseReturnValue:
    """Lead whoever has set their program up already to where the change is made there: their file holds what was."""
    answers = asking.known(store.load())
    changed = request.args.get("changed", "")
    account = answers.account(current_providers())
    if is_complete(answers) and changed == "protocol" and answers.by_imap:
        return render_template("wizard/anew-by-imap.html", answers=answers, onward=asking.next_url(answers))
    if not is_complete(answers) or account is None or changed not in IN_THE_FILE:
        return redirect(asking.next_url(answers), 303)
    way = translate(Message(answers.devices[0].keeping.way)) if changed == "retention" else ""
    return render_template(
        "wizard/in-program.html",
        answers=answers,
        path=way.split(" › ") if way else [],
        wanted=_wanted(changed, account),
        onward=asking.next_url(answers),
    )


def _wanted(changed: str, account: MailAccount) -> str:
    """Return what is to stand in the program, as a sentence."""
    keep, sending = account.retention, account.outgoing
    days = keep.days_to_leave_messages_on_server
    if changed == "name":
        return translate(Message(N_("Your name: %(name)s"), {"name": account.display_name or "–"}))
    if changed == "port":
        values: dict[str, str | int | Message] = {
            "server": sending.hostname,
            "port": sending.port,
            "security": sending.socket_type.label,
        }
        return translate(Message(N_("Sending: %(server)s, port %(port)s, %(security)s"), values))
    if changed == "outlook-profile":
        return translate(
            Message(N_("A profile of its own is made with a new file. Remove the account from the former one."))
        )
    if not keep.leave_messages_on_server:
        return translate(Message(N_("Remove the tick: mail is deleted on the server after fetching.")))
    if days is None:
        return translate(Message(N_("Set the tick: mail stays on the server for ever.")))
    return translate(
        Message(
            N_("Set the tick: mail stays on the server for %(number)s day."),
            {"number": days},
            N_("Set the tick: mail stays on the server for %(number)s days."),
        )
    )
