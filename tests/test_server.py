"""`serve` as people start it: a process of its own, on a port of its own."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import pytest
import requests
import trustme

from tests.support.requirements import need
from webapp import cli, db, lock, server
from webapp.config import WEB_THREADS, Config
from webapp.text import InputError

START = "import sys; from webapp.server import serve; from webapp.config import Config; "
SERVE = START + "serve(sys.argv[1], int(sys.argv[2]), Config.from_environment(), sys.argv[3])"
SLOW_PAGE = START + (
    "import time, webapp; make = webapp.create_app\n"
    "def create_app(config):\n"
    "    app = make(config)\n"
    "    @app.get('/slow')\n"
    "    def slow():\n"
    "        time.sleep(1)\n"
    "        return 'done'\n"
    "    return app\n"
    "webapp.create_app = create_app\n"
    "serve(sys.argv[1], int(sys.argv[2]), Config.from_environment(), sys.argv[3])"
)


# gunicorn leaves a copy of the socket it is handed to the garbage collector.
WARNINGS = ("-W", "error", "-W", "ignore::ResourceWarning")


class Served:
    """A running server: its process, its URL, and what it wrote to standard error so far."""

    def __init__(self, process: subprocess.Popen[str], errors: Path) -> None:
        assert process.stdout is not None
        self.process = process
        self._errors = errors
        self.greeting = process.stdout.readline()  # comes when it answers, or not at all
        self.url = next((word for word in self.greeting.split() if word.startswith("http")), "").rstrip("/")

    @property
    def errors(self) -> str:
        return self._errors.read_text()

    def workers(self) -> list[int]:
        return [
            int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=30)


@contextmanager
def serving(
    data_dir: Path, host: str = "127.0.0.1", port: int = 0, program: str = SERVE, by: str = "gunicorn", **settings: str
) -> Iterator[Served]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WEBAPP_")}
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    errors = data_dir.parent / f"{data_dir.name}-{time.monotonic_ns()}.log"
    with errors.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, *WARNINGS, "-c", program, host, str(port), by],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environ | {"WEBAPP_DATA_DIR": str(data_dir), **settings},
            start_new_session=True,
        )
    try:
        yield Served(process, errors)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # the workers too
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(autouse=True)
def hangup() -> Iterator[None]:
    """Let servers inherit what a terminal gives them, also where the tests themselves run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture(params=server.SERVERS)
def by(request: pytest.FixtureRequest) -> str:
    """Each server in turn; granian is installed with what tests need."""
    name: str = request.param
    need(None if find_spec(name) else f"not installed: {name}")
    return name


@pytest.fixture
def granian() -> str:
    need(None if find_spec("granian") else "not installed: granian")
    return "granian"


def test_serves_prints_its_url_and_stops_when_told_to(data_dir: Path, by: str) -> None:
    with serving(data_dir, by=by) as served:
        assert served.greeting.startswith("GMX POP setup wizard: http://127.0.0.1:")
        assert requests.get(f"{served.url}/readyz", timeout=10).text == "ready\n"
        page = requests.get(f"{served.url}/?emailaddress=anna@gmx.de", timeout=10)
        assert page.status_code == 200
        assert requests.get(f"{served.url}/", headers={"Host": "evil.example"}, timeout=10).status_code == 400
        assert served.stop() == 0
    assert "GET / 200" in served.errors
    assert "anna" not in served.errors
    assert "Warning" not in served.errors
    assert "Traceback" not in served.errors


@pytest.mark.parametrize(
    ("beginning", "by"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", "gunicorn"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", "granian"),
        (
            b"POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n",
            "gunicorn",
        ),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", "gunicorn"),
    ],
    ids=["head", "head-granian", "body", "unread body"],
    indirect=["by"],
)
def test_requests_that_come_drop_by_drop_hold_no_thread_for_long(data_dir: Path, beginning: bytes, by: str) -> None:
    program = SERVE.replace("serve(", "import webapp.server; webapp.server.REQUEST_SECONDS = 1; serve(", 1)
    with serving(data_dir, program=program, by=by) as served, ExitStack() as stack:
        host, port = served.url.removeprefix("http://").split(":")
        slow = [stack.enter_context(socket.create_connection((host, int(port)))) for _ in range(WEB_THREADS)]
        stopped = threading.Event()

        def drip() -> None:
            for line in slow:
                line.sendall(beginning)
            while not stopped.wait(0.2):
                for line in slow:
                    with suppress(OSError):
                        line.sendall(b"1")

        dripping = threading.Thread(target=drip)
        dripping.start()
        stack.callback(dripping.join)
        stack.callback(stopped.set)
        for line in slow:
            line.settimeout(30)
            with suppress(ConnectionError):
                while line.recv(4096):
                    pass
        assert requests.get(f"{served.url}/healthz", timeout=30).status_code == 200


@pytest.mark.parametrize(
    "lines",
    [
        "GET /api/v1/exports/other?address=canary@gmx.de&name=Canary Schmidt HTTP/1.1",
        "GET /f/canarycanarycanary Canary HTTP/1.1",
        "GET / HTTP/1.1\r\nHost: localhost\r\nCookie session=Canary",
        "GET / HTTP/1.1\r\nHost: localhost\r\nX Canary Schmidt: 1",
        "Canary Schmidt",
        "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: Canary",
        "CANARY! / HTTP/1.1\r\nHost: localhost\r\nConnection: close",
    ],
)
def test_what_is_no_request_is_logged_without_a_word_of_it(data_dir: Path, lines: str, by: str) -> None:
    with serving(data_dir, by=by) as served:
        with socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2])), timeout=20) as connection:
            connection.sendall(f"{lines}\r\n\r\n".encode())
            assert b"200 OK" not in connection.recv(1000)
        served.stop()
        assert "canary" not in served.errors.lower()


def test_gunicorn_says_what_was_wrong_with_a_request_that_is_none(data_dir: Path) -> None:
    with serving(data_dir) as served:
        assert answered(served, "GET / Canary HTTP/1.1\r\nHost: localhost\r\n\r\n").startswith(b"HTTP/1.1 400 ")
        served.stop()
        assert "Invalid request (InvalidHTTPVersion)\n" in served.errors


@pytest.mark.parametrize("path", ["/setup/address", "/api/v1/exports/other", "/autodiscover/autodiscover.xml"])
def test_a_body_that_cannot_be_read_is_refused_and_logged_without_a_word_of_it(
    data_dir: Path, path: str, by: str
) -> None:
    kind = "application/json" if path.startswith("/api/") else "application/x-www-form-urlencoded"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n"
    bodies = ("Canary Schmidt\r\nx\r\n0\r\n\r\n", "3\r\nabcCanary\r\n", "3\r\nabc\r\n0\r\nCanary Schmidt\r\n\r\n")
    with serving(data_dir, by=by) as served:
        for body in bodies:
            assert answered(served, head + body).startswith(b"HTTP/1.1 400 ")
        served.stop()
        assert "canary" not in served.errors.lower()
        assert "Traceback" not in served.errors


def answered(served: Served, request: str) -> bytes:
    """Send `request` as it is; return all that comes until the server ends the connection."""
    with socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2])), timeout=20) as connection:
        connection.sendall(request.encode())
        return b"".join(iter(lambda: connection.recv(4096), b""))


def test_a_crash_leaves_no_file_of_its_memory(data_dir: Path, by: str) -> None:
    with serving(data_dir, by=by) as served:
        for pid in (served.process.pid, *served.workers()):
            line = next(line for line in Path(f"/proc/{pid}/limits").read_text().splitlines() if "core file" in line)
            assert line.split()[4:6] == ["0", "0"]


def test_its_files_are_nobody_elses(data_dir: Path, by: str) -> None:
    with serving(data_dir, by=by) as served:
        served.stop()
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    names = {path.name for path in data_dir.iterdir()}
    assert names == {"secret-key", "serve.lock", "wizard.sqlite3"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in data_dir.iterdir())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_answers_what_was_asked_before_it_stops(data_dir: Path, by: str, number: signal.Signals) -> None:
    """Ctrl-C on a terminal, and closing it, reach the worker as well: hence the whole process group."""
    with serving(data_dir, program=SLOW_PAGE, by=by) as served, socket.socket() as connection:
        host, port = served.url.removeprefix("http://").split(":")
        connection.connect((host, int(port)))
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        time.sleep(0.3)  # for the request to be read; longer does no harm, the page takes a second
        served.process.send_signal(number) if number is signal.SIGTERM else os.killpg(served.process.pid, number)
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
        assert answer.endswith(b"done")
        assert served.process.wait(timeout=30) == 0


def test_a_killed_worker_is_replaced(data_dir: Path) -> None:
    with serving(data_dir) as served:
        assert requests.get(f"{served.url}/healthz", timeout=10).status_code == 200
        (worker,) = served.workers()
        os.kill(worker, signal.SIGKILL)
        session = requests.Session()
        session.mount("http://", requests.adapters.HTTPAdapter(max_retries=5))
        assert session.get(f"{served.url}/readyz", timeout=30).status_code == 200
        assert served.workers() != [worker]
        session.close()
        assert served.stop() == 0


def test_a_killed_worker_ends_the_server_where_nobody_can_replace_it(data_dir: Path, granian: str) -> None:
    with serving(data_dir, by=granian) as served:
        (worker,) = served.workers()
        os.kill(worker, signal.SIGKILL)
        assert served.process.wait(timeout=30) == 1
    with serving(data_dir, by=granian) as served:
        assert requests.get(f"{served.url}/readyz", timeout=10).status_code == 200


def test_a_worker_follows_the_killed_process_that_watched_it(data_dir: Path, by: str) -> None:
    with serving(data_dir, by=by) as served:
        (worker,) = served.workers()
        served.process.kill()
        served.process.wait()
        end = time.monotonic() + 30
        while Path(f"/proc/{worker}/cmdline").exists() and Path(f"/proc/{worker}/cmdline").read_bytes():
            assert time.monotonic() < end
            time.sleep(0.05)
    with serving(data_dir, by=by) as served:
        assert served.stop() == 0


def test_a_closed_terminal_starts_no_second_worker(data_dir: Path, by: str) -> None:
    with serving(data_dir, by=by) as served:
        assert served.stop(signal.SIGHUP) == 0


def test_a_server_that_nohup_started_outlives_the_terminal(data_dir: Path, by: str) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # inherited, as from nohup
    with serving(data_dir, by=by) as served:
        workers = served.workers()
        os.killpg(served.process.pid, signal.SIGHUP)
        time.sleep(2)
        assert requests.get(f"{served.url}/healthz", timeout=10).status_code == 200
        assert served.workers() == workers
        assert served.stop() == 0


def test_no_key_stands_in_the_environment_of_a_request(data_dir: Path, by: str) -> None:
    program = SLOW_PAGE.replace("time.sleep(1)", "").replace(
        "'done'", "'\\n'.join(__import__('flask').request.environ)"
    )
    with serving(data_dir, program=program, by=by, WEBAPP_METRICS_TOKEN="t" * 32) as served:
        found = requests.get(f"{served.url}/slow", timeout=10).text
    assert "PATH_INFO" in found
    assert "WEBAPP_" not in found


def test_a_second_server_on_the_same_folder_is_refused_with_a_sentence(data_dir: Path, by: str) -> None:
    with serving(data_dir, by=by) as first:
        with serving(data_dir, by=by) as second:
            assert second.process.wait(timeout=30) == 1
        assert "InputError: Another server is already running on the folder" in second.errors
        assert requests.get(f"{first.url}/healthz", timeout=10).status_code == 200
        first.stop()
    with serving(data_dir, by=by) as third:
        assert requests.get(f"{third.url}/healthz", timeout=10).status_code == 200


def test_a_port_in_use_is_refused_with_a_sentence_and_touches_no_database(data_dir: Path, by: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with serving(data_dir, port=port, by=by) as served:
            assert served.process.wait(timeout=30) == 1
    assert f"InputError: The server cannot use port {port} of 127.0.0.1." in served.errors
    assert "(Address already in use)" in served.errors
    assert not (data_dir / "wizard.sqlite3").exists()


def test_warns_where_others_can_reach_it_without_https(data_dir: Path) -> None:
    with serving(data_dir, "0.0.0.0", WEBAPP_SECRETKEY="x") as served:
        assert served.url.startswith("http://localhost:")
        served.stop()
    assert "without https" in served.errors
    assert "Only requests for localhost are answered." in served.errors
    assert "WEBAPP_SECRETKEY is not a setting. Did you mean WEBAPP_SECRET_KEY?" in served.errors


@pytest.mark.parametrize(
    ("host", "config", "count"),
    [
        ("127.0.0.1", Config(), 0),
        ("127.8.8.8", Config(), 0),
        ("::1", Config(), 0),
        ("localhost", Config(), 0),
        ("0.0.0.0", Config(public_url="https://pop.example.org"), 0),
        ("0.0.0.0", Config(), 2),
        ("::", Config(trusted_hosts=("pop.example.org",)), 1),
        ("192.0.2.1", Config(), 1),
        ("pop.example.org", Config(public_url="http://pop.example.org"), 1),
    ],
)
def test_warns_of_nothing_else(host: str, config: Config, count: int) -> None:
    assert len(server.warnings(config, host)) == count


def test_warns_of_what_a_proxy_must_do_for_granian() -> None:
    assert not server.warnings(Config(), "127.0.0.1", "granian")
    for config, host in (
        (Config(trusted_proxies=1), "127.0.0.1"),
        (Config(public_url="https://pop.example.org"), "0.0.0.0"),
    ):
        assert ["nginx" in str(warning) for warning in server.warnings(config, host, "granian")] == [True]


def test_a_server_that_is_not_installed_is_named_with_what_installs_it(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "find_spec", lambda _name: None)
    with pytest.raises(InputError) as refused:
        server.serve("127.0.0.1", 0, config, "granian")
    assert str(refused.value).startswith("The server granian is not installed. This installs it: ")
    assert str(refused.value).endswith(f' -m pip install "{server.GRANIAN}"')
    with (Path(__file__).parents[1] / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["optional-dependencies"]["granian"] == [server.GRANIAN]


def test_the_command_offers_what_there_is() -> None:
    assert cli.SERVERS == server.SERVERS


def test_a_certificate_that_signs_itself_is_refused_with_a_sentence(data_dir: Path, tmp_path: Path) -> None:
    root = trustme.CA()
    root.cert_pem.write_to_path(tmp_path / "cert.pem")
    root.private_key_pem.write_to_path(tmp_path / "key.pem")
    settings = {
        "WEBAPP_PROFILE_SIGNING_CERT": str(tmp_path / "cert.pem"),
        "WEBAPP_PROFILE_SIGNING_KEY": str(tmp_path / "key.pem"),
    }
    with serving(data_dir, **settings) as served:
        assert not served.greeting
        assert served.process.wait(timeout=30) != 0
    assert "WEBAPP_PROFILE_SIGNING_CERT: the certificate signs itself" in served.errors
    assert not (data_dir / "wizard.sqlite3").exists()


def test_prints_the_address_people_type(data_dir: Path, by: str) -> None:
    with serving(data_dir, by=by, WEBAPP_PUBLIC_URL="https://pop.example.org") as served:
        assert served.url == "https://pop.example.org"
        served.stop()


def test_leaves_no_socket_and_no_file_behind(data_dir: Path, by: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with serving(data_dir, by=by, HOME=str(home), XDG_RUNTIME_DIR=str(home)) as served:
        served.stop()
    assert not list(home.rglob("*"))


def test_another_wsgi_server_may_have_one_process(data_dir: Path) -> None:
    """gunicorn starts a second worker, which is refused: so gunicorn stops."""
    command = [sys.executable, "-m", "gunicorn", "webapp.server:wsgi()", "--workers=2", "--bind=127.0.0.1:0"]
    environ = os.environ | {"WEBAPP_DATA_DIR": str(data_dir)}
    result = subprocess.run(
        [*command, "--no-control-socket"], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 3
    assert "Another server is already running on the folder" in result.stderr


# The lock


def test_a_folder_is_held_once_however_often_a_process_asks(config: Config) -> None:
    lock.claim(config)
    lock.claim(config)
    lock.release(config)
    lock.release(config)
    lock.claim(config)
    lock.release(config)


def test_a_child_holds_the_folder_of_its_parent(config: Config) -> None:
    """A killed arbiter leaves a worker behind for a moment: it still has the runs in its memory."""
    lock.claim(config)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    os.close(reading)
    lock.release(config)
    with pytest.raises(InputError, match="already running"):
        lock.claim(config)
    os.close(writing)
    os.waitpid(child, 0)
    lock.claim(config)
    lock.release(config)


def test_servers_with_redis_share_a_folder_and_nobody_has_it_alone(config: Config) -> None:
    shared = Config(data_dir=config.data_dir, redis_url="redis://localhost")
    claim = (
        "import sys; from pathlib import Path; from webapp import lock; from webapp.config import Config; "
        "lock.claim(Config(data_dir=Path(sys.argv[1]), redis_url=sys.argv[2]), alone=sys.argv[3] == 'alone')"
    )
    lock.claim(shared)
    try:
        for redis_url, how, code in (
            ("redis://localhost", "together", 0),
            ("redis://localhost", "alone", 1),
            ("", "", 1),
        ):
            call = [sys.executable, "-c", claim, str(config.data_dir), redis_url, how]
            assert subprocess.run(call, capture_output=True).returncode == code, (redis_url, how)
    finally:
        lock.release(shared)


def test_where_the_database_is_no_file_servers_with_redis_hold_nothing(tmp_path: Path) -> None:
    lock.claim(
        Config(data_dir=tmp_path / "none", redis_url="redis://localhost", database_url="postgresql://localhost/x")
    )
    assert not (tmp_path / "none").exists()


def test_says_which_folder_cannot_be_held(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="WEBAPP_DATA_DIR: nothing can be written"):
        lock.claim(Config(data_dir=tmp_path / "file"))


def test_upgrading_leaves_no_connection_for_the_worker_to_inherit(config: Config) -> None:
    db.upgrade(config)
    assert not db._engines
