"""Downloads: a link to one's files that works without a cookie, and a page that leads to the right one.

Why not straight from the session: on an iPhone, Chrome asks for the profile a second time from a Safari view with
cookies of its own; and a person at a computer may want the file on the phone. The wizard makes the link.
"""

from flask import Blueprint, Flask, Response, abort, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from webapp.core.account import shorten_address
from webapp.core.clients import Export
from webapp.core.systems import installs_no_profiles, system_of
from webapp.infrastructure import background, events, qr, security, signing
from webapp.web.downloads import links
from webapp.web.downloads.files import Offer, Wish, find_wish

PURGE_SECONDS = 60 * 60
TOKEN_KEY = "download_link"  # noqa: S105  in the session: the link that the wizard made

blueprint = Blueprint("downloads", __name__)

background.every(blueprint, "links-purge", PURGE_SECONDS, lambda _app: links.purge())


def _forget_own(_app: Flask) -> None:
    if token := session.get(TOKEN_KEY):
        links.remove(token)


events.when_forgotten(blueprint, _forget_own)


class DeadLinkError(Exception):
    """A link that leads nowhere: 410 while we still know that it once did, then 404."""

    def __init__(self, status: int) -> None:
        self.status = status


@blueprint.get("/f/<token>")
def landing(token: str) -> ResponseReturnValue:
    """Show the files of a link: first the one for this device, with its steps. `?for=` puts another one first."""
    wish = found_wish(token)
    agent = request.user_agent.string
    offers = sorted_for(wish.offers(), agent)
    key = request.args.get("for")
    shown = next((offer for offer in offers if offer.key == key), offers[0])
    if key not in (None, shown.key):
        abort(404)
    url = security.public_url("downloads.landing", token=token)
    export = shown.export()
    return render_template(
        "downloads/landing.html",
        token=token,
        url=url,
        qr_code=qr.qr_code(url),
        short_address=shorten_address(wish.email_address),
        offer=shown,
        # An iPad that calls itself a Mac: whoever opens the link there must find the other profile at once.
        tablet=_tablet_offer(shown, offers) if key is None else None,
        no_profiles=installs_no_profiles(agent),
        on_this_system=_runs_here(shown, agent),
        own=[offer for offer in offers if offer is not shown and not offer.is_further],
        further=[offer for offer in offers if offer is not shown and offer.is_further],
        **guide_context(shown, export, lambda name: url_for("downloads.file", token=token, file_name=name)),
    )


@blueprint.get("/f/<token>/<file_name>")
def file(token: str, file_name: str) -> ResponseReturnValue:
    """Send one file of a link; it may be fetched again and again."""
    found = found_wish(token).find_file(file_name)
    if found is None:
        abort(404)
    offer, format_, made = found
    return send(made, offer, format_)


def send(made: Export, offer: Offer, format_: str) -> Response:
    """Answer with a file, and tell that it was fetched."""
    made = signing.signed(made)
    response = Response(made.content)
    response.headers["Content-Type"] = made.media_type
    response.headers.set("Content-Disposition", "attachment", filename=made.file_name)
    if request.method == "GET":
        events.file_downloaded.send(events.running_app(), client=offer.client.id, format=format_)
    return response


def guide_context(offer: Offer, export: Export | None, file_url: object) -> dict[str, object]:
    """Return what a page of files is given.

    account, provider, client, device, outlook_profile, export, file_name; system: an id of SYSTEMS or None;
    retention: what stays on the server; exports: format → Export of every file; file_url(name): where it is fetched;
    qr_svg: the settings as a QR code to show in the page, None for programs that scan none.
    """
    exports = dict(offer.exports())
    return {
        "account": offer.account(),
        "provider": offer.wish.mail_provider(),
        "client": offer.client,
        "device": offer.apple_device,
        "system": offer.device.system,
        "retention": offer.retention,
        "outlook_profile": offer.wish.profile if offer.client.id == "outlook" else None,
        "export": export,
        "exports": exports,
        "qr_svg": inline(exports["qr-svg"]) if "qr-svg" in exports else None,
        "file_name": export.file_name if export else None,
        "file_url": file_url,
    }


def inline(svg: Export) -> Markup:
    """Return an SVG of ours for a page of HTML, which knows no XML declaration."""
    return Markup(svg.content.decode().partition("?>")[2])  # noqa: S704  an SVG of ours


def sorted_for(offers: list[Offer], agent: str) -> list[Offer]:
    """Return the offers with those that run on the visitor's system first, and the person's own before the others."""

    def place(offer: Offer) -> tuple[bool, bool]:
        return not _runs_here(offer, agent), offer.is_further

    return sorted(offers, key=place)


def _runs_here(offer: Offer, agent: str) -> bool:
    system = system_of(agent)
    if system is None:
        return True
    return offer.system is system if offer.system else system.client_system in offer.client.systems


def _tablet_offer(shown: Offer, offers: list[Offer]) -> Offer | None:
    if shown.device.system != "mac":
        return None
    return next((offer for offer in offers if offer.device.system == "iphone"), None)


def found_wish(token: str) -> Wish:
    """Return what a link holds; raises DeadLinkError, which is a page of its own."""
    try:
        return find_wish(token)
    except links.ExpiredLinkError:
        raise DeadLinkError(410) from None
    except LookupError:
        raise DeadLinkError(404) from None


@blueprint.app_errorhandler(DeadLinkError)
def gone(error: DeadLinkError) -> ResponseReturnValue:
    return render_template("downloads/gone.html"), error.status
