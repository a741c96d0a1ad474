"""How a request came through the proxies, told to whoever holds the site's key.

From outside nobody sees whether a proxy adds what the limits of networks rest on. So the command sends a request with
an address that no machine has, and the site says how many addresses stand beside it.
"""

import json
import time
from dataclasses import asdict, dataclass

from flask import abort, request

from webapp.infrastructure.config import Config, current_config
from webapp.infrastructure.sealing import is_tagged_id, new_tagged_id

NOBODY = "192.0.2.1"  # RFC 5737: an address for documents
PERIOD_SECONDS = 60
_PURPOSE = "doctor"


@dataclass(frozen=True, slots=True)
class Way:
    """proxies: how many added an address. scheme: by which the visitor came, as the site takes it."""

    proxies: int
    scheme: str

    def __str__(self) -> str:
        return json.dumps(asdict(self))


def question(config: Config) -> dict[str, str]:
    """Return the headers of the request; needs `completed` settings."""
    token = new_tagged_id(config, _PURPOSE, str(_period()))
    return {"Authorization": f"Bearer {token}", "X-Forwarded-For": NOBODY}


def seen_by_the_site() -> Way:
    """Return how the current request came; answers 404 to whom has not the key."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    periods = (_period() + shift for shift in (0, -1, 1))
    if not any(is_tagged_id(current_config(), _PURPOSE, str(period), token) for period in periods):
        abort(404)
    addresses = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    return Way(sum(address not in ("", NOBODY) for address in addresses), request.scheme)


def _period() -> int:
    return int(time.time() // PERIOD_SECONDS)
