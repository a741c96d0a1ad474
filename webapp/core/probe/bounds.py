"""Time-outs and size limits of a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds, octets and lines; the run's deadline overrides every other time-out."""

    run: float = 15
    run_with_login: float = 40
    circle: float = 90  # including the pauses between logins
    resolve: float = 5
    connect: float = 6  # all addresses of a host together
    tls: float = 8
    reply: float = 10  # a whole reply
    line_octets: int = 2048  # with CR LF; RFC 2449 section 4 and RFC 5321 section 4.5.3.1.5 require 512
    reply_lines: int = 100  # CAPA, EHLO
    uidl_lines: int = 20_000
    uidl_octets: int = 2 * 1024 * 1024


BOUNDS = Bounds()
