"""Signals between rooms; senders do not know the receivers (helpdesk, metrics).

The sender is the Flask application. Signals carry a closed vocabulary of ids and counts, never user input.

step_reached(app, step="retention", page="danger")       a page of the wizard was shown; page: "" for the question
answer_refused(app, step="address", texts=("The e-mail address is too long.",))
    a form was sent with a mistake; our own sentences, in the language of the request
guide_step_reached(app, client="outlook", way="hand", step="pop")
    a step of a guide was shown to the person whose guide it is
answer_chosen(app, step="retention")                      a step was answered; not with what
test_progressed(app, run, state, protocol, stage, status, failure, diagnosis)
    a connection test was queued, a stage of it began or ended, or the test ended. `run`: the id that one follower
    knows. `protocol`, `stage`, `status`, `failure`: of the stage, or None. `diagnosis`: tuple of ids, filled at the
    end. Sent by the request that queues the test, then by the thread that runs it, perhaps in a worker process; always
    in an application context
file_downloaded(app, client="thunderbird", format="zip")
help_answered(app, outcome, message, program, locale)
    the help was asked. `outcome`: sure, maybe, nothing, and what the person said then: helped, not-helped. `message`:
    the catalogue's own words, "" where nothing was found; nothing of what was typed
forgotten(app)
    a person has pressed “Delete now”: receivers delete what they store for this session, before it is emptied. An
    exception ends the request, so that the page does not claim a deletion that failed
"""

from collections.abc import Callable

from blinker import Namespace
from flask import Blueprint, Flask, current_app
from flask.blueprints import BlueprintSetupState

_signals = Namespace()

step_reached = _signals.signal("step_reached")
guide_step_reached = _signals.signal("guide_step_reached")
answer_refused = _signals.signal("answer_refused")
answer_chosen = _signals.signal("answer_chosen")
test_progressed = _signals.signal("test_progressed")
file_downloaded = _signals.signal("file_downloaded")
help_answered = _signals.signal("help_answered")
forgotten = _signals.signal("forgotten")


def running_app() -> Flask:
    """Return the running application itself, the sender of every signal, not Flask's stand-in for it."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


def when_forgotten(blueprint: Blueprint, receiver: Callable[[Flask], None]) -> None:
    """Let `receiver` hear of `forgotten` in the applications that register the blueprint."""

    def listen(state: BlueprintSetupState) -> None:
        forgotten.connect(receiver, state.app)

    blueprint.record_once(listen)
