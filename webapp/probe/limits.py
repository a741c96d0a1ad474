"""How long a run may wait and how much it may read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, octets and lines; whichever end comes first counts, and the run's own comes before all."""

    run: float = 15
    run_with_login: float = 40
    circle: float = 90  # with the waiting between its logins
    resolve: float = 5
    connect: float = 6  # for all addresses of a host together
    tls: float = 8
    reply: float = 10  # for a whole reply, however slowly it drips
    line_octets: int = 2048  # with its line end; RFC 2449 section 4 and RFC 5321 section 4.5.3.1.5 ask for 512
    reply_lines: int = 100  # CAPA, EHLO
    uidl_lines: int = 20_000
    uidl_octets: int = 2 * 1024 * 1024


LIMITS = Limits()
