"""Web and worker as processes that are stopped and killed, against a real Dovecot that counts logins."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.conftest import SECRET_KEY
from tests.support.dovecot import Dovecot, User, reserve
from tests.support.redis_server import RedisServer
from tests.support.serving import SERVE, START, Served, serving
from tests.support.waiting import wait_until
from webapp.connection_tests.redis_stores import PREFIX

pytestmark = pytest.mark.peers

KILLED, ELSEWHERE, STOPPED, KILLED_ALONE, KILLED_WITH_REDIS, ENDED = reserve(6)
SECONDS = 60
SHORT = (  # a run of a killed worker is over soon
    "from webapp.core.probe.bounds import Bounds; import webapp.core.probe, webapp.connection_tests.engine as e; "
    "webapp.core.probe.BOUNDS = Bounds(run=3, run_with_login=3); e.GRACE_SECONDS = 1; "
)
SLOW = (  # every run waits after both servers have taken the password, until a file appears
    "import pathlib, time; from webapp.core.probe import pop3; count = pop3.Pop3._stat\n"
    "def slow(self):\n"
    "    end = time.monotonic() + 20\n"
    "    while self.context.recorder.report.stages[-5].status != 'passed' and time.monotonic() < end: time.sleep(0.02)\n"
    "    pathlib.Path(sys.argv[-1] + '.reached').touch()\n"
    "    while not pathlib.Path(sys.argv[-1]).exists(): time.sleep(0.02)\n"
    "    return count(self)\n"
    "pop3.Pop3._stat = slow\n"
)
WORKER = (
    "import sys; from webapp.infrastructure.config import Config; from webapp.server.worker import work; "
    "work(Config.from_environment())"
)


class Person:
    """Somebody with a browser that keeps cookies, who has answered every question."""

    def __init__(self, url: str, address: str) -> None:
        self.url = url
        self.http = requests.Session()
        for slug, values in (
            ("address", {"email_address": address}),
            ("program", {"program": "thunderbird"}),
            ("preparation", {}),
        ):
            self.post(f"/setup/{slug}", {**values, "csrf_token": self.token(f"/setup/{slug}")})

    def get(self, path: str) -> requests.Response:
        return self.http.get(self.url + path, timeout=SECONDS)

    def post(self, path: str, data: dict[str, str]) -> requests.Response:
        return self.http.post(self.url + path, data=data, timeout=SECONDS, allow_redirects=False)

    def token(self, path: str) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(path).text)
        assert found
        return found[1]

    def log_in(self, password: str) -> str:
        """Press the button; return the path of the result."""
        page = self.get("/connection-tests").text
        fields = {name: re.search(f'name="{name}" value="([^"]+)"', page) for name in ("csrf_token", "run_id")}
        self.form = {name: found[1] for name, found in fields.items() if found} | {"login": "1", "password": password}
        return self.press()

    def press(self) -> str:
        answer = self.post("/connection-tests", self.form)
        assert answer.status_code == 303, f"{answer.status_code} {answer.text}"
        return answer.headers["Location"]

    def sees(self, path: str, *texts: str) -> bool:
        page = self.get(path).text
        return any(text in page for text in texts)


@contextlib.contextmanager
def working(folder: Path, program: str = WORKER, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WEBAPP_")}
    with (folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(folder / "go")],
            env=environ | settings,
            start_new_session=True,
            stderr=log,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def settings(dovecot: Dovecot, redis_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        **dovecot.environment,
        "WEBAPP_REDIS_URL": redis_url,
        "WEBAPP_SECRET_KEY": SECRET_KEY,
        "WEBAPP_DATA_DIR": str(tmp_path / "data"),
        "WEBAPP_TEST_THREADS": "8",
    }


def attempts(dovecot: Dovecot, user: User) -> tuple[int, int]:
    return dovecot.attempts(user.address, "pop3"), dovecot.attempts(user.address, "submission")


def workers(redis: RedisServer) -> set[bytes]:
    return set(redis.client.scan_iter(PREFIX + "worker:*"))


def is_working(redis: RedisServer) -> bool:
    return bool(workers(redis))


def serve(settings: dict[str, str]) -> contextlib.AbstractContextManager[Served]:
    rest = {name: value for name, value in settings.items() if name != "WEBAPP_DATA_DIR"}
    return serving(Path(settings["WEBAPP_DATA_DIR"]), **rest)


def test_two_web_processes_and_a_worker_that_is_killed_and_one_that_stops(
    dovecot: Dovecot, settings: dict[str, str], redis_server: RedisServer, tmp_path: Path
) -> None:
    user, other = KILLED, ELSEWHERE
    with serve(settings) as first, serve(settings) as second:
        with working(tmp_path, START + SHORT + SLOW + WORKER, **settings) as worker:
            wait_until(lambda: is_working(redis_server))
            killed = workers(redis_server)
            person = Person(first.url, user.address)
            path = person.log_in(user.password)
            wait_until((tmp_path / "go.reached").exists)
            os.killpg(worker.pid, signal.SIGKILL)
        assert person.sees(path, "Die Prüfung läuft", "unterbrochen")
        wait_until(lambda: person.sees(path, "Die Prüfung wurde unterbrochen"))
        assert person.sees(path, "Vielleicht war das Passwort da schon gesendet.")
        with working(tmp_path, **settings) as worker:
            assert person.press() == path + "?again=1"
            elsewhere = Person(second.url, other.address)
            wait_until(lambda: workers(redis_server) - killed)
            end = elsewhere.log_in(other.password)
            wait_until(lambda: elsewhere.sees(end, "Alles funktioniert"))
            elsewhere.url = first.url  # the proxy sends the next request to the other process
            assert elsewhere.sees(end, "Alles funktioniert")
            assert person.sees(path, "unterbrochen")
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(SECONDS) == 0
        assert attempts(dovecot, user) == (1, 1)  # SMTP had POP3's word before the kill
        assert attempts(dovecot, other) == (1, 1)


def test_a_worker_that_is_told_to_stop_lets_its_tests_end(
    dovecot: Dovecot, settings: dict[str, str], redis_server: RedisServer, tmp_path: Path
) -> None:
    user = STOPPED
    with serve(settings) as served, working(tmp_path, START + SLOW + WORKER, **settings) as worker:
        wait_until(lambda: is_working(redis_server))
        person = Person(served.url, user.address)
        path = person.log_in(user.password)
        wait_until((tmp_path / "go.reached").exists)
        worker.send_signal(signal.SIGTERM)
        wait_until(lambda: not is_working(redis_server))  # nothing new is handed to it
        with pytest.raises(AssertionError, match="503"):
            person.log_in(user.password)
        assert worker.poll() is None
        (tmp_path / "go").touch()
        assert worker.wait(SECONDS) == 0
        assert person.sees(path, "Alles funktioniert")
    assert attempts(dovecot, user) == (1, 1)


def slow_web(folder: Path) -> str:
    """Return a web process whose tests wait for the file `go` in `folder`."""
    return (START + SLOW).replace("sys.argv[-1]", repr(str(folder / "go"))) + SERVE.removeprefix(START)


def test_a_web_process_that_is_told_to_stop_lets_its_tests_end_and_shows_how(
    dovecot: Dovecot, settings: dict[str, str], tmp_path: Path
) -> None:
    user = ENDED
    data = Path(settings.pop("WEBAPP_DATA_DIR"))
    del settings["WEBAPP_REDIS_URL"]
    with serving(data, program=slow_web(tmp_path), **settings) as served:
        person = Person(served.url, user.address)
        path = person.log_in(user.password)
        wait_until((tmp_path / "go.reached").exists)
        for _ in range(2):
            served.process.send_signal(signal.SIGTERM)
        wait_until(lambda: begins_a_check(person) == 503)
        assert person.sees(path, "Die Prüfung läuft")
        assert user.address not in goodbyes(dovecot)
        (tmp_path / "go").touch()
        wait_until(lambda: "Alles funktioniert" in person.get(path + "/progress").text)
        assert served.process.wait(SECONDS) == 0
        assert "Traceback" not in served.errors
    wait_until(lambda: user.address in goodbyes(dovecot))
    assert attempts(dovecot, user) == (1, 1)


def begins_a_check(person: Person) -> int:
    """Ask for a further test; return the status."""
    page = person.get("/connection-tests").text
    fields = {name: re.search(f'name="{name}" value="([^"]+)"', page) for name in ("csrf_token", "run_id")}
    return person.post("/connection-tests", {name: found[1] for name, found in fields.items() if found}).status_code


def goodbyes(dovecot: Dovecot) -> str:
    """Return the lines in which Dovecot says that somebody said QUIT to its POP3."""
    return "\n".join(line for line in dovecot.log.splitlines() if "pop3" in line and "Logged out" in line)


@pytest.mark.parametrize(
    ("redis", "user"), [(False, KILLED_ALONE), (True, KILLED_WITH_REDIS)], ids=["embedded", "redis"]
)
def test_a_killed_web_process_leads_to_no_second_login(
    dovecot: Dovecot,
    settings: dict[str, str],
    redis_server: RedisServer,
    tmp_path: Path,
    redis: bool,
    user: User,
) -> None:
    data = Path(settings.pop("WEBAPP_DATA_DIR"))
    with contextlib.ExitStack() as stack:
        if redis:
            work_settings = {**settings, "WEBAPP_DATA_DIR": str(data)}
            stack.enter_context(working(tmp_path, START + SLOW + WORKER, **work_settings))
            wait_until(lambda: is_working(redis_server))
        else:
            del settings["WEBAPP_REDIS_URL"]
        with serving(data, program=slow_web(tmp_path), **settings) as served:
            person = Person(served.url, user.address)
            path = person.log_in(user.password)
            wait_until((tmp_path / "go.reached").exists)
            os.killpg(served.process.pid, signal.SIGKILL)
        (tmp_path / "go").touch()
        with serving(data, **settings) as served:
            person.url = served.url
            if redis:
                wait_until(lambda: person.sees(path, "Alles funktioniert"))
            else:
                assert person.sees(path, "Die Prüfung wurde unterbrochen")
            assert person.press() == path + "?again=1"
            assert person.get(path).status_code == (200 if redis else 410)
    assert attempts(dovecot, user) == (1, 1)


def test_a_worker_without_its_settings_says_what_is_missing(settings: dict[str, str]) -> None:
    command = [Path(sys.executable).parent / "gmx-pop-wizard", "worker"]
    environ = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "WEBAPP_DATA_DIR": settings["WEBAPP_DATA_DIR"]}
    result = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=SECONDS)
    assert (result.returncode, "A worker needs WEBAPP_REDIS_URL." in result.stderr) == (2, True)
    stranger = {
        **settings,
        "WEBAPP_REDIS_URL": f"{settings['WEBAPP_REDIS_URL']}?username=nobody&password=wrong",
        "LC_ALL": "C.UTF-8",
    }
    result = subprocess.run(command, env=environ | stranger, capture_output=True, text=True, timeout=SECONDS)
    assert result.returncode == 2
    assert "WEBAPP_REDIS_URL: Redis does not let us in." in result.stderr


def test_a_worker_waits_for_a_redis_that_comes_late(settings: dict[str, str], tmp_path: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="redis-"))
    late = RedisServer(folder)
    try:
        with working(tmp_path, WORKER, **(settings | {"WEBAPP_REDIS_URL": late.url})) as process:
            wait_until(lambda: "waiting for Redis: ConnectionError" in (tmp_path / "worker.log").read_text(), SECONDS)
            with late.running():
                wait_until(lambda: is_working(late), SECONDS)
                process.terminate()
                assert process.wait(SECONDS) == 0
    finally:
        shutil.rmtree(folder)
