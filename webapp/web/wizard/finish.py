"""The last pages of the wizard: the file and the steps, the link for the phone, what comes after, and forgetting it.

The file for the computer in front of the person comes straight from their own cookie. Only who asks for a link (the
phone, an iPhone's profile) leaves something with us, for LINK_HOURS.
"""

import secrets
from dataclasses import replace

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from webapp.core.account import ServerType
from webapp.core.systems import system_of
from webapp.infrastructure import events, i18n, limits, qr, security
from webapp.infrastructure.config import current_providers
from webapp.web.downloads import TOKEN_KEY, guide_context, links, send
from webapp.web.downloads.files import Offer, Wish, WishedDevice, find_wish
from webapp.web.wizard import adjusting, asking, steps
from webapp.web.wizard import answers as store

FILE_TOKEN_KEY = "file_token"  # noqa: S105  in the session


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/finish", view_func=finish)
    blueprint.add_url_rule("/finish/<file_name>", view_func=file)
    blueprint.add_url_rule("/downloads", view_func=link, methods=["POST"])
    blueprint.add_url_rule("/done", view_func=done)
    blueprint.add_url_rule("/done", view_func=another_device, methods=["POST"])
    blueprint.add_url_rule("/delete", view_func=delete, methods=["POST"])
    blueprint.add_url_rule("/deleted", view_func=deleted)


def finish() -> ResponseReturnValue:
    """Show the file, the steps and the values for one device of the plan; without answers, the way to them."""
    answers = store.load()
    wish = wish_of(answers)
    if wish is None or answers.by_imap:  # whose guide has everything
        return redirect(asking.next_url(answers), 303)
    offer = offer_of(wish, request.args.get("device", "1"))
    export = offer.export()
    other = wish.mail_provider().other_submission(offer.account().outgoing)
    token = link_token(wish)
    url = security.public_url("downloads.landing", token=token) if token else None
    agent_system = system_of(request.user_agent.string)
    return render_template(
        "wizard/finish.html",
        answers=answers,
        plan=answers.plan,
        offer=offer,
        number=int(offer.key),
        imap=wish.mail_provider().imap,
        other_port=other,
        other_port_file=offer.export(smtp_port=other.port) if other else None,
        link_token=token,
        link_url=url,
        qr_code=qr.qr_code(url) if url else None,
        only_here=security.is_only_here(),
        # On its own phone the file comes from the link: some browsers there fetch it a second time without the cookie.
        on_the_phone=agent_system is not None and agent_system.is_mobile and agent_system is offer.system,
        **guide_context(offer, export, lambda name: url_for("wizard.file", file_name=name)),
    )


def file(file_name: str) -> ResponseReturnValue:
    """Send a file of this session's answers. It may be fetched again and again; `?smtp_port=587` is the other port."""
    answers = store.load()
    wish = wish_of(answers)
    if wish is None:  # a page that says so, not a download that fails
        return redirect(asking.next_url(answers), 303)
    found = wish.find_file(file_name)
    if found is None:
        abort(404)
    offer, format_, made = found
    session[adjusting.SET_UP_KEY] = adjusting.FETCHED
    port = request.args.get("smtp_port", type=int)
    if port is not None:
        other = offer.export(format_, port)
        if other is None:
            abort(404)
        made = other
    return send(made, offer, format_)


def link() -> ResponseReturnValue:
    """Make the link of this session's answers, or renew it; lead to the file named in `file`, or to the QR code."""
    answers = store.load()
    wish = wish_of(answers)
    if wish is None:
        return redirect(asking.next_url(answers), 303)
    token = make_link(wish)
    wanted = request.form.get("file")
    if wanted is not None:
        if wish.find_file(wanted) is None:
            abort(404)
        return redirect(url_for("downloads.file", token=token, file_name=wanted), 303)
    offer = offer_of(wish, request.form.get("device", "1"))
    return redirect(url_for("wizard.finish", device=offer.key, _anchor="link"), 303)


def make_link(wish: Wish) -> str:
    """Make the link of this session or renew it, and return its token; a new one counts."""
    if TOKEN_KEY not in session:
        count_link()
    token: str = links.keep(wish.as_json(), session.get(TOKEN_KEY))
    session[TOKEN_KEY] = token
    return token


def count_link() -> None:
    """Count a link of this visitor; ends the request where they have made too many."""
    if limits.current().take_link(request.remote_addr or "") is not None:
        abort(429)


def done() -> ResponseReturnValue:
    """Say what comes next for a person whose program fetches mail; ask once whether there is a second device."""
    answers = store.load()
    wish = wish_of(answers)
    if wish is None:
        return render_template("wizard/done.html", answers=answers, provider=store.provider_of(answers))
    session.setdefault(adjusting.SET_UP_KEY, True)
    session[adjusting.WORKS_KEY] = asking.mark_of(answers)
    offer = offer_of(wish, request.args.get("device", "1"))
    further = [planned for planned in wish.offers() if not planned.is_further and int(planned.key) > int(offer.key)]
    return render_template(
        "wizard/done.html",
        answers=answers,
        offer=offer,
        client=offer.client,
        provider=wish.mail_provider(),
        following=further[0] if further else None,
        ask_for_another="devices" not in answers["devices"],
        by_imap=offer.protocol is ServerType.IMAP or not offer.client.speaks_pop,
    )


def another_device() -> ResponseReturnValue:
    """Take the answer whether there is a second device: lead to the list of devices, or do not ask again."""
    answers = store.load()
    if wish_of(answers) is None:
        return redirect(asking.next_url(answers), 303)
    several = request.form.get("devices") == "several"
    store.store(answers.answered("devices", {"devices": "several" if several else "one"}))
    if several and answers.by_imap:  # no plan is needed: the next device takes the same way
        return redirect(url_for("wizard.step", slug="program", again=1, next=1), 303)
    return redirect(url_for("wizard.adjustment", slug="devices") if several else url_for("wizard.done"), 303)


def delete() -> ResponseReturnValue:
    """Forget everything of this session, here, in the browser, and with everybody who keeps something of it."""
    locale = session.get("locale")
    events.forgotten.send(events.running_app())
    session.clear()
    if locale:
        session["locale"] = locale
    return security.clear_site(redirect(url_for("wizard.deleted"), 303))


def deleted() -> str:
    return render_template("wizard/deleted.html")


def wish_of(answers: store.Answers) -> Wish | None:
    """Return what complete answers ask for, or None."""
    if not steps.is_complete(answers) or answers.account(current_providers()) is None:
        return None
    wish = Wish(
        email_address=answers.email_address,
        name=answers.display_name,
        provider=answers.provider_id or "",
        profile=answers.outlook_profile or "existing",
        locale=i18n.current_locale(),
        file_token=_file_token(),
        devices=tuple(
            WishedDevice(planned.device.client, planned.device.system, str(planned.retention), planned.device.name)
            for planned in answers.plan.devices
        ),
        smtp_port=answers.smtp_port,
        protocol=ServerType.IMAP if answers.by_imap else ServerType.POP3,
    )
    return wish if wish.is_known() else None


def offer_of(wish: Wish, key: str) -> Offer:
    """Return the files for one of the person's devices; aborts with 404 for a key that is none."""
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


def link_token(wish: Wish) -> str | None:
    """Return the token of the link that this session has made, as long as it works and holds what was answered last."""
    token: str | None = session.get(TOKEN_KEY)
    if token is None:
        return None
    try:
        kept = find_wish(token)
    except LookupError:
        return None
    return token if replace(kept, locale=wish.locale) == wish else None
