"""The last pages of the wizard: the file and the steps, the link for the phone, what comes after, and forgetting it.

The file for the computer in front of the person comes straight from their own cookie. Only who asks for a link (the
phone, an iPhone's profile) leaves something with us, for LINK_HOURS.
"""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import replace
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from webapp.account import Server, ServerType
from webapp.config import current_providers
from webapp.downloads import guide_context, links, send
from webapp.downloads.files import OTHER_SMTP_PORT, Offer, Wish, WishedDevice, find_wish
from webapp.i18n import current_locale
from webapp.providers import DEFAULT_SMTP_PORT
from webapp.qr import qr_code
from webapp.security import public_url
from webapp.systems import system_of
from webapp.text import InputError
from webapp.wizard import answers as store
from webapp.wizard.answers import Answers
from webapp.wizard.steps import is_complete, path

TOKEN_KEY = "download_link"  # noqa: S105  keys of the session
FILE_TOKEN_KEY = "file_token"  # noqa: S105


def register(blueprint: Blueprint) -> None:
    """Add the pages of this module to the wizard's."""
    blueprint.add_url_rule("/finish", view_func=finish)
    blueprint.add_url_rule("/finish/<file_name>", view_func=file)
    blueprint.add_url_rule("/downloads", view_func=link, methods=["POST"])
    blueprint.add_url_rule("/done", view_func=done)
    blueprint.add_url_rule("/delete", view_func=delete, methods=["POST"])
    blueprint.add_url_rule("/deleted", view_func=deleted)


def finish() -> ResponseReturnValue:
    """Show the file, the steps and the values for one device of the plan; without answers, the way to them."""
    answers = store.load()
    wish = _wish(answers)
    if wish is None:
        return redirect(url_for("wizard.step", slug=path(answers)[-1].slug), 303)
    offer = _offer(wish, request.args.get("device", "1"))
    export = offer.export()
    token = _link_token(wish)
    url = public_url("downloads.landing", token=token) if token else None
    agent_system = system_of(request.user_agent.string)
    return render_template(
        "wizard/finish.html",
        answers=answers,
        plan=answers.plan,
        offer=offer,
        number=int(offer.key),
        imap=next((server for server in wish.mail_provider().servers if server.type is ServerType.IMAP), None),
        other_port=_other_port(offer),
        other_port_file=offer.export(smtp_port=OTHER_SMTP_PORT),
        other_smtp_port=OTHER_SMTP_PORT,
        link_token=token,
        link_url=url,
        qr_code=qr_code(url) if url else None,
        only_here=_is_only_here(),
        # On its own phone the file comes from the link: some browsers there fetch it a second time without the cookie.
        on_the_phone=agent_system is not None and agent_system.is_mobile and agent_system is offer.system,
        **guide_context(offer, export, lambda name: url_for("wizard.file", file_name=name)),
    )


def file(file_name: str) -> Response:
    """Send a file of this session's answers. It may be fetched again and again; `?smtp_port=587` is the other port."""
    wish = _wish(store.load())
    found = wish.find_file(file_name) if wish else None
    if found is None:
        abort(404)
    offer, format_, made = found
    port = request.args.get("smtp_port", DEFAULT_SMTP_PORT, type=int)
    if port != DEFAULT_SMTP_PORT:
        other = offer.export(format_, port) if port == OTHER_SMTP_PORT else None
        if other is None:
            abort(404)
        made = other
    return send(made, offer, format_)


def link() -> ResponseReturnValue:
    """Make the link of this session's answers, or renew it; lead to the file named in `file`, or to the QR code."""
    answers = store.load()
    wish = _wish(answers)
    if wish is None:
        return redirect(url_for("wizard.step", slug=path(answers)[-1].slug), 303)
    if TOKEN_KEY not in session:
        _count_link()
    token = session[TOKEN_KEY] = links.keep(wish.as_json(), session.get(TOKEN_KEY))
    wanted = request.form.get("file")
    if wanted is not None:
        if wish.find_file(wanted) is None:
            abort(404)
        return redirect(url_for("downloads.file", token=token, file_name=wanted), 303)
    offer = _offer(wish, request.form.get("device", "1"))
    return redirect(url_for("wizard.finish", device=offer.key, _anchor="link"), 303)


def _count_link() -> None:
    from webapp.connection_tests.ownership import current_limits  # which is made of the wizard's answers

    if current_limits().take_link(request.remote_addr or "") is not None:
        abort(429)


def done() -> ResponseReturnValue:
    """Say what comes next for a person whose program fetches mail."""
    answers = store.load()
    wish = _wish(answers)
    if wish is None:
        return render_template("wizard/done.html", answers=answers, provider=current_providers().get("gmx.net"))
    offer = _offer(wish, request.args.get("device", "1"))
    further = [planned for planned in wish.offers() if not planned.is_further and int(planned.key) > int(offer.key)]
    return render_template(
        "wizard/done.html",
        answers=answers,
        offer=offer,
        client=offer.client,
        provider=wish.mail_provider(),
        following=further[0] if further else None,
    )


def delete() -> ResponseReturnValue:
    """Forget everything of this session, here and in the browser; its link and its tests with it."""
    from webapp.connection_tests import forget_own  # which is made of the wizard's answers

    locale = session.get("locale")
    forget_own()
    if token := session.get(TOKEN_KEY):
        links.remove(token)
    session.clear()
    if locale:
        session["locale"] = locale
    response = redirect(url_for("wizard.deleted"), 303)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def deleted() -> str:
    return render_template("wizard/deleted.html")


def _wish(answers: Answers) -> Wish | None:
    """Return what complete answers ask for, or None."""
    if not is_complete(answers) or answers.account(current_providers()) is None:
        return None
    wish = Wish(
        email_address=answers.email_address,
        name=answers.display_name,
        provider=answers.provider_id or "",
        profile=answers.outlook_profile or "existing",
        locale=current_locale(),
        file_token=_file_token(),
        devices=tuple(
            WishedDevice(planned.device.client, planned.device.system, str(planned.retention), planned.device.name)
            for planned in answers.plan.devices
        ),
    )
    return wish if wish.is_known() else None


def _other_port(offer: Offer) -> Server | None:
    """Return the second way to send, or None where the provider has only one."""
    try:
        other = offer.account(OTHER_SMTP_PORT).outgoing
    except InputError:
        return None
    return other if other != offer.account().outgoing else None


def _offer(wish: Wish, key: str) -> Offer:
    found = next((offer for offer in wish.offers() if offer.key == key and not offer.is_further), None)
    if found is None:
        abort(404)
    return found


def _file_token() -> str:
    """Return what makes this session's file names unique: Outlook starts its import by the name of the file."""
    if FILE_TOKEN_KEY not in session:
        session[FILE_TOKEN_KEY] = secrets.token_hex(3)
    token: str = session[FILE_TOKEN_KEY]
    return token


def _link_token(wish: Wish) -> str | None:
    """Return the token of the link that this session has made, as long as it works and holds what was answered last."""
    token: str | None = session.get(TOKEN_KEY)
    if token is None:
        return None
    try:
        kept = find_wish(token)
    except LookupError:
        return None
    return token if replace(kept, locale=wish.locale) == wish else None


def _is_only_here() -> bool:
    """Tell a site that is reached by a loopback name: no phone gets there by a link."""
    host = urlsplit(public_url("wizard.start")).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
