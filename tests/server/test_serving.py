"""Starting: what `serve` prints, refuses, warns of and leaves behind."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import stat
import subprocess
import sys
import tomllib
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
import trustme

from tests.support.serving import PAGE, SERVE, START, serving
from webapp import server
from webapp.core.text import InputError
from webapp.infrastructure.assets import folder
from webapp.infrastructure.config import RESULT_WAITERS_MAX, WEB_THREADS, Config
from webapp.server import sockets
from webapp.server.sockets import CONNECTIONS_MAX

LIMITED = START.replace(
    "import sys;", "import sys, resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}));", 1
) + ("serve(sys.argv[1], int(sys.argv[2]), Config.from_environment())")


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_serves_prints_its_url_and_stops_when_told_to(data_dir: Path) -> None:
    with serving(data_dir) as served:
        assert served.greeting.startswith("GMX POP setup wizard: http://127.0.0.1:")
        assert requests.get(f"{served.url}/readyz/tests", timeout=60).text == "pages: ready\ntests: ready\n"
        page = requests.get(f"{served.url}/?emailaddress=anna@gmx.de", timeout=60)
        assert page.status_code == 200
        assert "Server" not in page.headers
        assert requests.get(f"{served.url}/", headers={"Host": "evil.example"}, timeout=60).status_code == 400
        assert served.stop() == 0
    assert "GET / 200" in served.errors
    assert "anna" not in served.errors
    assert "Warning" not in served.errors
    assert "Traceback" not in served.errors


def test_a_crash_leaves_no_file_of_its_memory(data_dir: Path) -> None:
    with serving(data_dir) as served:
        limits = Path(f"/proc/{served.process.pid}/limits").read_text().splitlines()
        assert next(line for line in limits if "core file" in line).split()[4:6] == ["0", "0"]


def test_its_files_are_nobody_elses(data_dir: Path) -> None:
    with serving(data_dir) as served:
        served.stop()
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    names = {path.name for path in data_dir.iterdir()}
    assert names == {"secret-key", "serve.lock", "wizard.sqlite3"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in data_dir.iterdir())


def test_no_key_stands_in_the_environment_of_a_request(data_dir: Path) -> None:
    program = PAGE.replace("{content}", "'\\n'.join(__import__('flask').request.environ)")
    with serving(data_dir, program=program, WEBAPP_METRICS_TOKEN="t" * 32) as served:
        found = requests.get(f"{served.url}/page", timeout=60).text
    assert "PATH_INFO" in found
    assert "WEBAPP_" not in found


def test_a_second_server_on_the_same_folder_is_refused_with_a_sentence(data_dir: Path) -> None:
    with serving(data_dir) as first:
        with serving(data_dir) as second:
            assert second.process.wait(timeout=30) == 1
        assert "InputError: Another server is already running on the folder" in second.errors
        assert requests.get(f"{first.url}/healthz", timeout=60).status_code == 200
        first.stop()
    with serving(data_dir) as third:
        assert requests.get(f"{third.url}/healthz", timeout=60).status_code == 200


def test_a_port_in_use_is_refused_with_a_sentence_and_touches_no_database(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with serving(data_dir, port=port) as served:
            assert served.process.wait(timeout=30) == 1
    assert f"InputError: The server cannot use port {port} of 127.0.0.1." in served.errors
    assert "(Address already in use)" in served.errors
    assert not (data_dir / "wizard.sqlite3").exists()


def test_a_killed_server_leaves_nothing_that_stops_the_next_one(data_dir: Path) -> None:
    with serving(data_dir) as served:
        served.process.kill()
        served.process.wait()
    with serving(data_dir) as served:
        assert requests.get(f"{served.url}/readyz", timeout=60).status_code == 200
        assert served.stop() == 0


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
        ("0.0.0.0", Config(public_url="https://pop.example.org", trusted_proxies=1), 0),
        ("127.0.0.1", Config(public_url="https://pop.example.org"), 1),
        ("127.0.0.1", Config(public_url="http://pop.example.org"), 0),
        ("0.0.0.0", Config(), 2),
        ("::", Config(trusted_hosts=("pop.example.org",)), 1),
        ("192.0.2.1", Config(), 1),
        ("pop.example.org", Config(public_url="http://pop.example.org"), 1),
        ("127.0.0.1", Config(redis_url="redis://127.0.0.1/0", webhook_url="http://localhost/x"), 0),
        ("127.0.0.1", Config(redis_url="redis://10.0.0.5/0", webhook_url="http://hooks.example.org/x"), 2),
        ("127.0.0.1", Config(redis_url="rediss://10.0.0.5/0", ticket_url="https://zammad.example.org"), 0),
        ("127.0.0.1", Config(database_url="postgresql+psycopg://w@10.0.0.5/w"), 1),
        ("127.0.0.1", Config(database_url="postgresql+psycopg://w@10.0.0.5/w?sslmode=verify-full"), 0),
        ("127.0.0.1", Config(database_url="postgresql+psycopg:///w?host=/run/postgresql"), 0),
    ],
)
def test_warns_of_nothing_else(host: str, config: Config, count: int) -> None:
    assert len(list(server.warnings(config, host))) == count


def test_is_refused_where_its_files_leave_no_connection(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: (1024, 1024))
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    assert sockets.connection_limit(Config(data_dir=data_dir)) == 768
    with pytest.raises(InputError, match="lower WEBAPP_TEST_THREADS"):
        sockets.connection_limit(Config(data_dir=data_dir, test_threads=500))


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


def test_prints_the_address_people_type(data_dir: Path) -> None:
    with serving(data_dir, WEBAPP_PUBLIC_URL="https://pop.example.org") as served:
        assert served.url == "https://pop.example.org"
        served.stop()


def test_leaves_no_socket_and_no_file_behind(data_dir: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with serving(data_dir, HOME=str(home), XDG_RUNTIME_DIR=str(home)) as served:
        served.stop()
    assert not list(home.rglob("*"))


# How much it takes on


def test_of_the_threads_a_quarter_at_most_waits_for_results() -> None:
    assert 0 < RESULT_WAITERS_MAX <= WEB_THREADS // 4


def test_raises_its_open_files_as_far_as_it_may_and_carries_a_rush(data_dir: Path) -> None:
    """Services get 1,024 open files by default: 1,500 connections ended the process."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard < 8192:
        pytest.skip(f"only {hard} files may be open here")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, hard))
    try:
        with serving(data_dir, program=LIMITED.format(soft=1024, hard=8192)) as served, ExitStack() as stack:
            for _ in range(1500):
                stack.enter_context(served.connect())
            assert requests.get(f"{served.url}/healthz", timeout=30).status_code == 200
            assert served.stop() == 0
        assert "LimitNOFILE" not in served.errors
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_says_where_it_may_open_too_few_files_and_takes_no_more_than_it_can(data_dir: Path) -> None:
    with serving(data_dir, program=LIMITED.format(soft=400, hard=400)) as served, ExitStack() as stack:
        lines = [stack.enter_context(served.connect()) for _ in range(300)]
        lines[0].sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert lines[0].recv(100).startswith(b"HTTP/1.1 200 ")
        stack.close()
        assert requests.get(f"{served.url}/healthz", timeout=30).status_code == 200
        assert served.stop() == 0
    assert f"connections instead of {CONNECTIONS_MAX}." in served.errors
    assert "Too many open files" not in served.errors


# Other servers


WSGI = (
    "import sys; from webapp.server import wsgi; app = wsgi(); "
    "print(app.test_client().get('/readyz').status_code, flush=True); sys.stdin.read()"
)


def test_another_wsgi_server_may_have_one_process(data_dir: Path) -> None:
    command, environ = [sys.executable, "-c", WSGI], os.environ | {"WEBAPP_DATA_DIR": str(data_dir)}
    before = os.umask(0o022)
    try:
        with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
            assert first.stdout is not None
            assert first.stdout.readline() == "200\n"
            second = subprocess.run(command, env=environ, capture_output=True, text=True, input="")
            assert "Another server is already running on the folder" in second.stderr
            first.communicate("")
            assert first.returncode == 0
    finally:
        os.umask(before)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in data_dir.iterdir())


def test_the_project_needs_no_other_server() -> None:
    with (Path(__file__).parents[2] / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    assert "waitress>=3.0.2,<3.1" in project["dependencies"]
    assert set(project["optional-dependencies"]) == {"postgres"}


def test_a_running_server_reads_no_template_of_a_new_version(data_dir: Path, tmp_path: Path) -> None:
    templates = tmp_path / "templates"
    shutil.copytree(folder("templates"), templates)
    program = (
        "import pathlib, webapp.infrastructure.assets as assets; real = assets.folder\n"
        f"assets.folder = lambda name: pathlib.Path({str(templates)!r}) if name == 'templates' else real(name)\n"
    ) + SERVE
    with serving(data_dir, program=program) as served:
        for path in templates.rglob("*.html"):
            path.write_text("{{ url_for('a page of the new version') }}")
        for path in ("/", "/help", "/status", "/no-such-page"):
            answer = requests.get(served.url + path, timeout=60)
            assert answer.status_code == (404 if "no-such" in path else 200)
            assert "E\N{NON-BREAKING HYPHEN}Mail" in answer.text or path == "/no-such-page"
        assert "Traceback" not in served.errors
        assert served.stop() == 0
