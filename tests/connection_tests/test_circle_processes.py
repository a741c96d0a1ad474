"""A full circle whose process is killed in the middle, at a real Dovecot: nobody logs in or sends once more."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from pathlib import Path

import pytest

from tests.connection_tests.test_processes import (
    WORKER,
    Person,
    attempts,
    is_working,
    settings,
    wait_until,
    workers,
    working,
)
from tests.support.dovecot import Dovecot, reserve
from tests.support.proofs import sampled
from tests.support.providers import rewrite_providers
from tests.support.redis_server import RedisServer
from tests.support.serving import START, serving
from webapp.core.account import ServerType

__all__ = ["settings"]

pytestmark = pytest.mark.peers

ALONE, WITH_REDIS = reserve(2)
ROOM = {"WEBAPP_LOGIN_TESTS_PER_ACCOUNT": "4"}  # for a login test and a circle in the same quarter of an hour
SHORT = (  # a run of a killed worker is over soon
    "from webapp.core.probe.bounds import Bounds; import webapp.core.probe, webapp.connection_tests.engine as e; "
    "webapp.core.probe.BOUNDS = Bounds(circle=12); e.GRACE_SECONDS = 1; "
)
WEB = "serve(sys.argv[1], int(sys.argv[2]), Config.from_environment())"


def send(person: Person, password: str) -> str:
    page = person.get("/connection-tests/circle").text
    fields = {name: re.search(f'name="{name}" value="([^"]+)"', page) for name in ("csrf_token", "run_id")}
    person.form = {name: found[1] for name, found in fields.items() if found} | {"consent": "y", "password": password}
    return press(person)


def press(person: Person) -> str:
    answer = person.post("/connection-tests/circle", person.form)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


@pytest.mark.parametrize("redis", sampled([False, True], bool), ids=["embedded", "redis"])
def test_a_circle_that_is_killed_is_interrupted_and_never_goes_on(
    dovecot: Dovecot, settings: dict[str, str], redis_server: RedisServer, tmp_path: Path, redis: bool
) -> None:
    user = WITH_REDIS if redis else ALONE
    providers = tmp_path / "providers"
    rewrite_providers(providers, [dovecot.server(kind) for kind in (ServerType.POP3, ServerType.SMTP)], 8)
    settings = {**settings, **ROOM, "WEBAPP_PROVIDERS_DIR": str(providers)}
    work_settings = dict(settings)
    data = Path(settings.pop("WEBAPP_DATA_DIR"))
    program = START + SHORT
    with contextlib.ExitStack() as stack:
        if redis:
            worker = stack.enter_context(working(tmp_path, program + WORKER, **work_settings))
            wait_until(lambda: is_working(redis_server))
        else:
            del settings["WEBAPP_REDIS_URL"]
        with serving(data, program=program + WEB, **settings) as served:
            person = Person(served.url, user.address)
            login = person.log_in(user.password)
            wait_until(lambda: person.sees(login, "Alles funktioniert"))
            path = send(person, user.password)
            wait_until(lambda: person.sees(path, " ist unterwegs. Wir sehen in "))
            killed = workers(redis_server) if redis else set()
            os.killpg(worker.pid if redis else served.process.pid, signal.SIGKILL)
            if redis:
                stack.enter_context(working(tmp_path, program + WORKER, **work_settings))
                wait_until(lambda: workers(redis_server) - killed)
                wait_until(lambda: person.sees(path, "Die Prüfung wurde unterbrochen"))
                assert person.sees(path, " bleibt in Ihrem Postfach.")
                assert press(person) == path + "?again=1"
        if not redis:
            with serving(data, program=program + WEB, **settings) as served:
                person.url = served.url
                assert person.sees(path, "Die Prüfung wurde unterbrochen")
                assert press(person) == path + "?again=1"
    assert attempts(dovecot, user) == (1 + 1, 1 + 1)
