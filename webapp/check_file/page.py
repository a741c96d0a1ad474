"""Offers the check for the person's own computer, and says why a login from there is the safe one."""

from __future__ import annotations

import re

from flask import Blueprint, Response, render_template, request

from webapp.account import ServerType
from webapp.check_file.building import FILE_NAME, CheckFile, check_file
from webapp.config import current_config, current_providers
from webapp.providers import Provider
from webapp.wizard import answers

DEFAULT_PROVIDER = "gmx.net"
# People of these countries get their mail from GMX's servers there; a login from elsewhere is what GMX distrusts.
AT_HOME = frozenset(
    "deutschland germany de d österreich oesterreich austria at a schweiz switzerland ch".split()  # noqa: SIM905
)
_PLAIN_ADDRESS = re.compile(r"[a-z0-9][a-z0-9._+-]*@[a-z0-9.-]+")  # one that no shell reads anything into

blueprint = Blueprint("check_file", __name__, url_prefix="/check")


@blueprint.get("")
def index() -> str:
    """Show the file with its checksum, how to start it, and the same with curl."""
    kept = answers.load()
    provider = current_providers().get(kept.provider_id or "") or _default_provider()
    address = kept.email_address if _PLAIN_ADDRESS.fullmatch(kept.email_address or "") else None
    return render_template(
        "check_file/index.html",
        file=_file(),
        file_name=FILE_NAME,
        address=address,
        curl=_curl(address, provider),
        country=current_config().country if stands_abroad(current_config().country) else None,
    )


@blueprint.get(f"/{FILE_NAME}")
def download() -> Response:
    """Send the file. Not as application/zip: Safari would unpack it."""
    made = _file()
    response = Response(made.content, mimetype="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=FILE_NAME)
    response.set_etag(made.sha256)
    response.make_conditional(request)
    return response


def stands_abroad(country: str) -> bool:
    """Whether WEBAPP_COUNTRY names a country that is none of Germany, Austria and Switzerland; unset says nothing."""
    return bool(country) and country.strip().casefold() not in AT_HOME


def _file() -> CheckFile:
    config = current_config()
    return check_file(config.providers_dir, config.tls_ca_file)


def _default_provider() -> Provider:
    providers = current_providers()
    return providers.get(DEFAULT_PROVIDER) or next(iter(providers.values()))


def _curl(address: str | None, provider: Provider) -> str:
    """Return the line that logs in once and lists number and size of each message; curl asks for the password."""
    server = provider.server(ServerType.POP3)
    port = "" if server.port == 995 else f":{server.port}"
    scheme = "pop3s" if server.socket_type == "SSL" else "pop3"
    user = address or f"anna@{provider.id}"
    return f"curl --ssl-reqd --max-time 40 --user {user} {scheme}://{server.hostname}{port}/"
