"""The page that offers the single-file check."""

import re

from flask import Blueprint, Response, render_template, request

from webapp.core.account import ServerType
from webapp.core.providers import Provider
from webapp.infrastructure import compression
from webapp.infrastructure.config import current_config
from webapp.infrastructure.provider_files import provider_files
from webapp.web.check_file.building import FILE_NAME, CheckFile, built
from webapp.web.wizard import answers

# GMX distrusts logins from outside these countries.
AT_HOME = frozenset(
    "deutschland germany de d österreich oesterreich austria at a schweiz switzerland ch".split()  # noqa: SIM905
)
_PLAIN_ADDRESS = re.compile(r"[a-z0-9][a-z0-9._+-]*@[a-z0-9.-]+")  # safe in any shell

blueprint = Blueprint("check_file", __name__, url_prefix="/check")
compression.allow(blueprint)


@blueprint.get("")
def index() -> str:
    """Show the file, its checksum, how to start it, and a curl alternative."""
    kept = answers.load()
    provider = answers.provider_of(kept)
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
    """Send the file; not as application/zip, which Safari unpacks."""
    made = _file()
    response = Response(made.content, mimetype="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=FILE_NAME)
    response.set_etag(made.sha256)
    response.make_conditional(request)
    return response


def stands_abroad(country: str) -> bool:
    """Whether WEBAPP_COUNTRY is set and not Germany, Austria or Switzerland."""
    return bool(country) and country.strip().casefold() not in AT_HOME


def _file() -> CheckFile:
    return built(provider_files().contents(), current_config().tls_ca_file)


def _curl(address: str | None, provider: Provider) -> str:
    """Return a curl command that logs in once and lists the messages; curl prompts for the password."""
    server = provider.server(ServerType.POP3)
    port = "" if server.port == 995 else f":{server.port}"
    scheme = "pop3s" if server.socket_type == "SSL" else "pop3"
    user = address or f"anna@{provider.id}"
    return f"curl --ssl-reqd --max-time 40 --user {user} {scheme}://{server.hostname}{port}/"
