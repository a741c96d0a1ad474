"""What happens in the application, told to whoever listens (the helpdesk; metrics).

Each signal is sent with the Flask application as sender and carries a closed vocabulary only: ids and counts, never
a value that a person typed. Nobody who sends knows who listens.

step_reached(app, step="retention")                       a page of the wizard was shown
answer_chosen(app, step="retention")                      a step was answered; not with what
test_progressed(app, run, state, protocol, stage, status, failure, diagnosis)   a stage of a connection test ended
file_downloaded(app, client="thunderbird", format="zip")
"""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

step_reached = _signals.signal("step_reached")
answer_chosen = _signals.signal("answer_chosen")
test_progressed = _signals.signal("test_progressed")
file_downloaded = _signals.signal("file_downloaded")
