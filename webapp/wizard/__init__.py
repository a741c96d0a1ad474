"""The wizard: one question a page, from the address to the file."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from webapp.account import ServerType
from webapp.clients import CLIENTS, Export, ExportOptions
from webapp.config import current_config, current_providers
from webapp.events import answer_chosen, file_downloaded, step_reached
from webapp.i18n import current_locale
from webapp.providers import Certainty, find, suggest
from webapp.signing import signed
from webapp.wizard import answers as store
from webapp.wizard.answers import Answers
from webapp.wizard.steps import STEPS, Step, applicable, before, is_complete, path

blueprint = Blueprint("wizard", __name__)

FILE_TOKEN_KEY = "file_token"  # noqa: S105  a key of the session


@blueprint.get("/")
def start() -> str:
    return render_template("wizard/start.html", begun=bool(store.load()))


@blueprint.route("/setup/<slug>", methods=["GET", "POST"])
def step(slug: str) -> ResponseReturnValue:
    """Ask one question, or take its answer; who is too early or too late is sent to the first unanswered step."""
    asked = next((candidate for candidate in STEPS if candidate.slug == slug), None)
    if asked is None:
        abort(404)
    answers = store.load()
    if asked not in path(answers):
        return redirect(url_for("wizard.step", slug=path(answers)[-1].slug), 303)
    if request.method == "POST":
        return _answered(asked, answers)
    step_reached.send(current_app._get_current_object(), step=slug)  # type: ignore[attr-defined]
    if asked.is_stopped(answers) and "again" not in request.args:
        return _page(asked, answers, f"wizard/{slug}-stop.html")
    return _page(asked, answers, form=asked.form(formdata=None, data=_form_values(asked, answers)))


def _form_values(asked: Step, answers: Answers) -> dict[str, Any]:
    """Return the kept answer as the fields of the step's form."""
    answer = answers[asked.slug]
    if asked.slug == "program":
        device = answer.get("device")
        return {"program": f"{answer.get('client')}:{device}" if device else answer.get("client")}
    return {name: value for name, value in answer.items() if hasattr(asked.form, name) and value is not None}


def _answered(asked: Step, answers: Answers) -> ResponseReturnValue:
    if asked.is_stopped(answers) and request.form.get("confirm"):
        store.store(answers.confirmed(asked.slug))
        return _onward(asked)
    form = asked.form()
    if not form.validate():
        return _page(asked, answers, form=form), 422
    answer = form.answer()
    if asked.slug == "address":
        finding = find(answer["email_address"], current_providers())
        if not finding.providers:
            return _page(
                asked, answers, "wizard/not-gmx.html", finding=finding, name=answer["name"],
                other_brand=finding.certainty is Certainty.OTHER_BRAND,
                suggestion=suggest(finding.address, current_providers()),
            )  # fmt: skip
        answer |= {"providers": [provider.id for provider in finding.providers], "certainty": finding.certainty.value}
        if answer["email_address"] != answers.email_address:
            answers = answers.without("platform")
    store.store(answers.answered(asked.slug, answer))
    answer_chosen.send(current_app._get_current_object(), step=asked.slug)  # type: ignore[attr-defined]
    return _onward(asked)


def _onward(asked: Step) -> ResponseReturnValue:
    """Send the person on: to the step after this one, or back to the summary they came from."""
    answers = store.load()
    open_steps = path(answers)
    target: Step | None = open_steps[-1]
    if asked in open_steps and asked is not target and request.args.get("from") != "review":
        target = open_steps[open_steps.index(asked) + 1]
    if asked.slug == "review" and is_complete(answers):
        return redirect(url_for("connection_tests.index"), 303)
    if request.args.get("from") == "review":
        unanswered = [s for s in applicable(answers) if not s.is_answered(answers)]
        target = unanswered[0] if unanswered else STEPS[-1]
    assert target is not None  # noqa: S101  a path has at least one step
    return redirect(url_for("wizard.step", slug=target.slug), 303)


def _page(asked: Step, answers: Answers, template: str | None = None, **values: Any) -> str:
    taken = applicable(answers)
    previous = before(asked, answers)
    return render_template(
        template or f"wizard/{asked.slug}.html",
        step=asked,
        steps=taken,
        answers=answers,
        number=taken.index(asked) + 1,
        total=len(taken),
        back_url=url_for("wizard.step", slug=previous.slug) if previous else url_for("wizard.start"),
        providers=current_providers(),
        provider=current_providers().get(answers.provider_id or ""),
        clients=CLIENTS,
        server_type=ServerType,
        **values,
    )


@blueprint.get("/finish")
def finish() -> ResponseReturnValue:
    """Show the file, the steps and the values; without answers, the way to them."""
    answers = store.load()
    if not is_complete(answers):
        return redirect(url_for("wizard.step", slug=path(answers)[-1].slug), 303)
    made = _export(answers)
    account = answers.account(current_providers())
    return render_template(
        "wizard/finish.html",
        answers=answers,
        account=account,
        provider=current_providers()[answers.provider_id or ""],
        client=CLIENTS[answers.client or "other"],
        device=answers.device,
        outlook_profile=answers.outlook_profile,
        export=made,
        file_name=made.file_name if made else None,
    )


@blueprint.get("/finish/<file_name>")
def file(file_name: str) -> Response:
    """Send the file of this session's answers. It may be fetched again and again."""
    answers = store.load()
    made = _export(answers) if is_complete(answers) else None
    if made is None or made.file_name != file_name:
        abort(404)
    made = signed(made)
    response = Response(made.content, mimetype=made.media_type)
    response.headers["Content-Type"] = made.media_type
    response.headers.set("Content-Disposition", "attachment", filename=made.file_name)
    file_downloaded.send(
        current_app._get_current_object(),  # type: ignore[attr-defined]
        client=answers.client,
        format=made.file_name.rpartition(".")[2],
    )
    return response


def _export(answers: Answers) -> Export | None:
    """Return the file for these answers, or None for a program that takes none."""
    account = answers.account(current_providers())
    client = CLIENTS.get(answers.client or "other", CLIENTS["other"])
    if account is None or not client.formats:
        return None
    config = current_config()
    options = ExportOptions(
        device=answers.device,
        profile=answers.outlook_profile or "existing",
        locale=current_locale(),
        host=config.public_host,
        organization=config.operator_name,
        file_token=_file_token(),
    )
    return client.export(account, options)


def _file_token() -> str:
    """Return what makes this session's file names unique: Outlook starts its import by the name of the file."""
    if FILE_TOKEN_KEY not in session:
        session[FILE_TOKEN_KEY] = secrets.token_hex(3)
    token: str = session[FILE_TOKEN_KEY]
    return token


@blueprint.post("/delete")
def delete() -> ResponseReturnValue:
    """Forget everything of this session, here and in the browser."""
    locale = session.get("locale")
    session.clear()
    if locale:
        session["locale"] = locale
    response = redirect(url_for("wizard.deleted"), 303)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@blueprint.get("/deleted")
def deleted() -> str:
    return render_template("wizard/deleted.html")
