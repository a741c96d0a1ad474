"""After a login test nothing that lives in the process holds the password any more.

What Python has freed is not overwritten: a copy may lie there until the memory is used again (docs/security.md).
"""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from tests.connection_tests.test_processes import Person
from tests.support.dovecot import Dovecot, reserve
from tests.support.serving import PAGE, serving
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.peers, pytest.mark.proof]

(USER,) = reserve(1)
FOUND = """
import base64, gc
def live(*parts):
    needle = "".join(parts)
    kept = [part for frame in sys._current_frames().values() for part in frame.f_locals.values()]
    kept += [part for one in gc.get_objects() if one is not kept for part in gc.get_referents(one)]
    sealed = base64.b64encode(needle.encode()).decode().rstrip("=")[:-1]
    texts = [one if isinstance(one, str) else bytes(one).decode("latin-1") for one in kept if isinstance(one, (str, bytes, bytearray))]
    return str(len({id(text) for text in texts if text is not needle and (needle in text or sealed in text)}))
KEPT = []
"""


def asking(*parts: str) -> str:
    return FOUND + PAGE.format(content=f"live{parts!r}")


def test_nothing_that_lives_holds_the_password_after_its_test(dovecot: Dovecot, tmp_path: Path) -> None:
    half = len(USER.password) // 2
    program = asking(USER.password[:half], USER.password[half:])
    with serving(tmp_path / "data", program=program, **dovecot.environment) as site:
        person = Person(site.url, USER.address)
        result = person.log_in(USER.password)
        wait_until(lambda: person.sees(result, "Alles funktioniert"), 60)
        # The thread that answered may still have its last request in hand: the next one takes its place.
        wait_until(lambda: requests.get(f"{site.url}/page", timeout=60).text == "0", 60)


def test_what_lives_is_found(tmp_path: Path) -> None:
    program = asking("kept-", "word").replace("KEPT = []", "KEPT = ['a ' + 'kept' + '-word'.upper().lower()]")
    with serving(tmp_path / "data", program=program) as site:
        assert int(requests.get(f"{site.url}/page", timeout=60).text) >= 1
