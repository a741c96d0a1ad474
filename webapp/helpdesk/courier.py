"""The thread that carries reports to other systems, beside the requests.

Started after fork by the first request that a server brings; several processes may each have one.
"""

from __future__ import annotations

import threading
from typing import Final

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from webapp.helpdesk import tickets
from webapp.logs import logger

LOOK_SECONDS: Final = 15.0  # between two looks whether a report is due again


class Courier:
    """One thread of this process; `wake` has it look at once."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="helpdesk-courier", daemon=True)
        self._lock = threading.Lock()
        self._started = False

    def start(self) -> None:
        with self._lock:
            if not self._started:
                self._started = True
                self._thread.start()

    def wake(self) -> None:
        self._woken.set()

    def round(self) -> None:
        """Do what is due now."""
        try:
            with self._app.app_context():
                tickets.deliver_due()
        except SQLAlchemyError as error:
            logger.error("helpdesk courier: the database does not answer: %s", type(error).__name__)
        except Exception:
            logger.exception("helpdesk courier")

    def _run(self) -> None:
        while True:
            self.round()
            self._woken.wait(LOOK_SECONDS)
            self._woken.clear()


def of(app: Flask) -> Courier:
    """Return the courier of `app`, not yet started."""
    found = app.extensions.get("helpdesk_courier")
    if not isinstance(found, Courier):
        found = app.extensions["helpdesk_courier"] = Courier(app)
    return found
