"""The page of who waits for a login test: their place, told until it is their turn.

Nothing waits but the place. The password that was typed is thrown away and is asked for again when the turn comes, so
that none lies anywhere meanwhile; the form then carries the run id of the place, which begins one test at most.
"""

from dataclasses import astuple
from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from webapp.infrastructure import fragments, limits
from webapp.web.connection_tests.forms import LoginForm
from webapp.web.connection_tests.ownership import Subject, current_subject, was_issued

POLL_MILLISECONDS = 5000
REFRESH_SECONDS = 15  # without JavaScript
PLACE_KEY = "waiting"  # in the session: run id, provider; "place" is that in the guide

blueprint = Blueprint("queue", __name__, url_prefix="/queue")


def join(subject: Subject, run_id: str) -> limits.Wait | None:
    """Take a place for the run; return why there is none."""
    leave()
    answer = limits.current().queue_up(run_id, request.remote_addr or "", invited=limits.invitation())
    if isinstance(answer, limits.Wait):
        return answer
    session[PLACE_KEY] = [run_id, subject.provider.id]
    return None


def run_id_of(subject: Subject) -> str | None:
    """Return the run id of this session's place in the queue, where it is for the address of `subject`."""
    run_id, provider = session.get(PLACE_KEY, ("", ""))
    fits = run_id and provider == subject.provider.id and was_issued(run_id, subject.address)
    return run_id if fits else None


def forget() -> None:
    session.pop(PLACE_KEY, None)


def leave() -> None:
    """Give up this session's place, if it has one."""
    run_id, _ = session.pop(PLACE_KEY, ("", ""))
    if run_id:
        limits.current().leave_queue(run_id)


@blueprint.get("")
def show() -> ResponseReturnValue:
    if current_subject() is None:
        return redirect(url_for("connection_tests.index"), 303)
    return render_template("connection_tests/queue.html", refresh=REFRESH_SECONDS, **_shown())


@blueprint.get("/progress")
def progress() -> ResponseReturnValue:
    """Return the part of the page that changes, or 304 while nothing is new."""
    values = _shown()
    return fragments.answer(values["tag"], lambda: render_template("connection_tests/_queue.html", **values))


@blueprint.post("/leave")
def give_up() -> ResponseReturnValue:
    leave()
    return redirect(url_for("connection_tests.index"), 303)


def _shown() -> dict[str, Any]:
    run_id, provider = session.get(PLACE_KEY, ("", ""))
    standing: limits.Standing | None = limits.current().place(run_id) if run_id else None
    subject = current_subject()
    return {
        "standing": standing if subject is not None else None,
        "run_id": run_id,
        "provider_id": provider,
        "address": subject.address if subject is not None else "",
        "form": LoginForm(formdata=None),
        "tag": fragments.tag(*astuple(standing)) if standing is not None else fragments.tag("gone"),
        "poll": POLL_MILLISECONDS,
    }
