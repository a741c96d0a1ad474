"""What happens in the application, told to whoever listens (the helpdesk; metrics).

Each signal is sent with the Flask application as sender and carries a closed vocabulary only: ids and counts, never
a value that a person typed. Nobody who sends knows who listens.

step_reached(app, step="retention")                       a page of the wizard was shown
answer_chosen(app, step="retention")                      a step was answered; not with what
test_progressed(app, run, state, protocol, stage, status, failure, diagnosis)
    a connection test was queued, a stage of it began or ended, or the test ended. `run` is the id under which one
    person looks at it. Words: `state`, and of a stage `protocol`, `stage`, `status`, `failure` (None where it is about
    no stage or nothing failed); `diagnosis` is a tuple of ids, filled at the end. Sent by the request that queues the
    test, then by the thread that works on it, in a worker process where there is one; always inside an application
    context
file_downloaded(app, client="thunderbird", format="zip")
"""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

step_reached = _signals.signal("step_reached")
answer_chosen = _signals.signal("answer_chosen")
test_progressed = _signals.signal("test_progressed")
file_downloaded = _signals.signal("file_downloaded")
