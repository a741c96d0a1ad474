"""A thousand agents watch live cases, on this machine alone: what a poll costs, how soon news is there, what others feel.

The server is `gmx-pop-wizard serve` on loopback. Viewers ask every 1.5 seconds with their ETag over connections kept
open, as browsers do; meanwhile twenty cases change every second, and somebody else opens pages of the wizard. All of
it, server and load, shares the processors of this machine; the run is bounded in time.

Runs by `python -m tests.bench.helpdesk [viewers] [seconds]`.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.running import KEY, serve
from webapp.core.text import new_reference
from webapp.helpdesk.tokens import SESSION_BYTES, hashed, new_token
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Agent, AgentSession, Case, CaseEvent

POLL_SECONDS = 1.5
CHANGES_PER_SECOND = 20
WARM_UP_SECONDS = 3
FIRST_ETAG = '"1-de"'  # stands in the page that the agent has opened


@dataclass
class Viewer:
    reference: str
    cookie: str


@dataclass
class Measured:
    unchanged: list[float] = field(default_factory=list)  # seconds from request to the whole answer
    changed: list[float] = field(default_factory=list)
    news: list[float] = field(default_factory=list)  # seconds from the event to the answer that shows it
    other: list[float] = field(default_factory=list)
    failures: int = 0


def prepare(config: Config, viewers: int) -> list[Viewer]:
    """Write agents, sessions and joined cases with some history; return who watches what."""
    db.upgrade(config)
    now, made = datetime.now(UTC), []
    with db.begin(config) as session:
        for number in range(viewers):
            token, reference = new_token(SESSION_BYTES), new_reference()
            agent = Agent(login=f"agent{number}", name=f"Agent {number}", role="agent", created_at=now, totp_step=0)
            session.add(agent)
            session.flush()
            session.add(
                AgentSession(
                    token_hash=hashed(token), agent_id=agent.id, level="full", created_at=now, seen_at=now, browser=""
                )
            )
            case = Case(
                reference=reference, agent_id=agent.id, state="joined", created_at=now, touched_at=now, joined_at=now,
                sequence=1, ticket="", check_words="Apfel – Lampe", address="a…l@gmx.de", shares_address=False, counted=False,
            )  # fmt: skip
            session.add(case)
            session.flush()
            for step in ("address", "program", "devices"):
                session.add(CaseEvent(case_id=case.id, at=now, kind="step", details={"step": step}))
            made.append(Viewer(reference, token))
    db.dispose()
    return made


async def ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, path: str, headers: str = ""
) -> tuple[int, str, bytes]:
    """Send a GET; return status, ETag and body."""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n{headers}\r\n".encode())
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status = int(head.split(" ", 2)[1])
    length = re.search(r"(?i)content-length: (\d+)", head)
    body = await reader.readexactly(int(length[1])) if length and status != 304 else b""
    etag = re.search(r"(?i)etag: (\S+)", head)
    if re.search(r"(?i)connection: close", head):
        writer.close()
    return status, etag[1] if etag else "", body


async def watch(port: int, viewer: Viewer, changes: dict[str, float], measured: Measured, end: float) -> None:
    start = time.monotonic() + WARM_UP_SECONDS
    await asyncio.sleep(random.random() * POLL_SECONDS)  # noqa: S311
    reader, writer, etag = None, None, FIRST_ETAG
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            if reader is None or writer is None or writer.is_closing():
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            known = f"If-None-Match: {etag}\r\n" if etag else ""
            cookie = f"Cookie: helpdesk={viewer.cookie}\r\n"
            status, fresh, _ = await asyncio.wait_for(
                ask(reader, writer, port, f"/helpdesk/cases/{viewer.reference}/progress", cookie + known), 30
            )
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            if writer is not None:
                writer.close()
            reader = writer = None
            # The server closed an idle connection just then: a browser asks again at once.
            measured.failures += 1
            continue
        seconds = time.monotonic() - began
        if began < start:
            pass
        elif status == 304:
            measured.unchanged.append(seconds)
        elif status == 200:
            measured.changed.append(seconds)
            if happened := changes.pop(viewer.reference, None):
                measured.news.append(time.monotonic() - happened)
            etag = fresh
        else:
            measured.failures += 1
        await asyncio.sleep(max(0, POLL_SECONDS - seconds))
    if writer is not None:
        writer.close()


async def change(config: Config, viewers: Sequence[Viewer], changes: dict[str, float], end: float) -> None:
    """Write an event into a case, as the wizard does when a person goes on."""

    def write(reference: str) -> None:
        with db.begin(config) as session:
            case = session.query(Case).filter_by(reference=reference).one()
            session.add(CaseEvent(case_id=case.id, at=datetime.now(UTC), kind="step", details={"step": "review"}))
            case.sequence += 1

    await asyncio.sleep(WARM_UP_SECONDS)
    while time.monotonic() < end - 4:
        reference = random.choice(viewers).reference  # noqa: S311
        if reference not in changes:
            await asyncio.to_thread(write, reference)
            changes[reference] = time.monotonic()
        await asyncio.sleep(1 / CHANGES_PER_SECOND)


async def visit(port: int, measured: Measured, end: float) -> None:
    """Open pages of the wizard meanwhile."""
    await asyncio.sleep(WARM_UP_SECONDS)
    while time.monotonic() < end:
        began = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        status, _, _ = await ask(reader, writer, port, "/setup/address")
        writer.close()
        if status == 200:
            measured.other.append(time.monotonic() - began)
        else:
            measured.failures += 1
        await asyncio.sleep(0.2)


async def load(port: int, config: Config, viewers: Sequence[Viewer], seconds: float) -> Measured:
    measured, changes, end = Measured(), {}, time.monotonic() + seconds  # type: ignore[var-annotated]
    await asyncio.gather(
        *(watch(port, viewer, changes, measured, end) for viewer in viewers),
        change(config, viewers, changes, end),
        visit(port, measured, end),
    )
    return measured


def row(name: str, times: Sequence[float]) -> str:
    if len(times) < 2:
        return f"{name:34} {len(times):7} times\n"
    cuts = statistics.quantiles(times, n=100)
    return f"{name:34} {len(times):7} times   p50 {1000 * cuts[49]:7.1f} ms   p99 {1000 * cuts[98]:7.1f} ms\n"


def main(viewers: int = 1000, seconds: float = 20) -> int:
    """Print latencies and what the server spent."""
    with tempfile.TemporaryDirectory() as folder:
        config = Config(data_dir=Path(folder) / "data", secret_key=KEY)
        watching = prepare(config, viewers)
        with serve(config.data_dir) as served:
            before, began = served.cpu_seconds(), time.monotonic()
            measured = asyncio.run(load(served.port, config, watching, seconds))
            spent, lasted = served.cpu_seconds() - before, time.monotonic() - began
        db.dispose()
    polls = len(measured.unchanged) + len(measured.changed)
    sys.stdout.write(
        f"{viewers} viewers, {lasted:.0f} s, {os.cpu_count()} processors shared by server and load\n"
        + row("poll, nothing new (304)", measured.unchanged)
        + row("poll, something new (200)", measured.changed)
        + row("from the event to the agent", measured.news)
        + row("a page of the wizard meanwhile", measured.other)
        + f"server: {100 * spent / lasted:.0f} % of one processor, {1000 * spent / max(polls, 1):.2f} ms for each poll, "
        f"{polls / lasted:.0f} polls/s, {measured.failures} asked again\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*(int(argument) for argument in sys.argv[1:3])))
