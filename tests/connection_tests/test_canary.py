"""One property for everything: the password never appears anywhere."""

from __future__ import annotations

import logging
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest

from tests.connection_tests.conftest import LOGIN, METRICS_TOKEN, PASSWORD, MakeSite, Site
from tests.connection_tests.test_engines import silent_dialogue
from tests.core.probe.conftest import hides_the_password
from tests.support.fault_server import read
from tests.support.redis_server import RedisServer
from webapp.connection_tests import engine as engine_module
from webapp.connection_tests.engine import Plan
from webapp.connection_tests.redis_engine import Worker
from webapp.connection_tests.redis_stores import RedisPasswordStore
from webapp.core import probe
from webapp.core.account import MailAccount, SocketType
from webapp.core.probe import STAGES, Bounds, RunState
from webapp.core.probe import pop3 as pop3_module
from webapp.core.probe import smtp as smtp_module
from webapp.core.probe.report import Protocol

# Every way a run can end, by the dialogue of the server for receiving and for sending.
ENDS = [
    ("pop3-good", "smtp-good"),
    ("pop3-good-user-pass", "smtp-good"),
    ("pop3-auth-echo", "smtp-good"),
    ("pop3-auth-echo-user-pass", "smtp-good"),
    ("pop3-auth-one-text", "smtp-good"),
    ("pop3-auth-closed", "smtp-good"),
    ("pop3-auth-markup", "smtp-good"),
    ("pop3-certificate-wrong-host", "smtp-good"),
    ("pop3-good", "smtp-auth-echo"),
    ("pop3-good", "smtp-auth-reset"),
    ("pop3-good", "smtp-rcpt-sender"),
]
UPGRADES = ("stls", "starttls")


class Everything:
    """All that is kept, shown, logged or said, to be searched at the end."""

    def __init__(self, site: Site, log: pytest.LogCaptureFixture, redis: RedisServer | None) -> None:
        self._site = site
        self._log = log
        self._redis = redis
        self._texts: list[str] = []

    def note(self, text: str) -> None:
        self._texts.append(text)

    def while_it_runs(self) -> None:
        """Look into Redis and the queue, as somebody would who breaks in."""
        if self._redis is not None:
            self.note(self._redis.dump().decode("latin-1"))
            for key in self._redis.client.scan_iter():
                self.note(key.decode())
                self.note(repr(_content(self._redis, key)))
        else:
            queue: Any = self._site.engine
            self.note(repr(queue._queue.storage._queue))
            self.note(repr(queue.runs._runs))
            self.note(repr(queue.passwords._sealed))

    def look_at(self, run_id: str) -> None:
        """Read every page of the run in both languages, its report, and the cookie."""
        client = self._site.client
        for path in (f"/connection-tests/{run_id}", "/connection-tests", "/finish", "/"):
            for locale in ("de", "en"):
                self.note(client.get(f"{path}?lang={locale}").text)
        self.note(client.get(f"/connection-tests/{run_id}/report.json").text)
        with client.session_transaction() as session:
            self.note(repr(dict(session)))

    def metrics(self) -> str:
        """Return the counts of the web process, and of the worker where there is one."""
        page = self._site.client.get("/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
        assert page.status_code == 200
        if self._site.worker is None:
            return page.text
        registry = self._site.worker._runner._app.extensions["metrics"].registry
        return page.text + generate_latest(registry).decode()

    def search(self) -> None:
        for path in Path(self._site.config.data_dir).rglob("*"):  # the database with its WAL
            if path.is_file():
                self.note(path.read_bytes().decode("latin-1"))
        formatter = logging.Formatter("%(message)s %(pathname)s")
        self.note("\n".join(formatter.format(record) + repr(record.args) for record in self._log.records))
        self.note(repr(self._site.told))
        metrics = self.metrics()
        assert "connection_tests_total" in metrics
        self.note(metrics)
        self.while_it_runs()
        for text in self._texts:
            for form in (text, text.encode("latin-1", "replace").decode("utf-8", "replace")):
                assert hides_the_password(form), form[max(0, form.find("canary") - 300) :][:600]
        assert sum(map(len, self._texts)) > 10_000


def _content(redis: RedisServer, key: bytes) -> Any:
    kind = redis.client.type(key)
    return {
        b"string": lambda: redis.client.get(key),
        b"hash": lambda: redis.client.hgetall(key),
        b"list": lambda: redis.client.lrange(key, 0, -1),
        b"set": lambda: redis.client.smembers(key),
        b"zset": lambda: redis.client.zrange(key, 0, -1, withscores=True),
        b"none": lambda: None,  # gone in the meantime
    }[kind]()


@pytest.fixture
def everything(kind: str, caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest) -> Any:
    caplog.set_level(logging.DEBUG)
    redis = request.getfixturevalue("redis_server") if kind == "redis" else None
    return lambda site: Everything(site, caplog, redis)


@pytest.mark.parametrize(("pop3", "smtp"), ENDS)
def test_the_password_is_nowhere_however_a_test_ends(
    make_site: MakeSite, everything: Any, pop3: str, smtp: str
) -> None:
    with make_site(pop3, smtp) as site:
        searched = everything(site)
        answer = site.log_in()
        searched.while_it_runs()
        run = site.run(answer)
        assert run.ended
        searched.look_at(run.id)
        searched.search()
        assert all(attempts <= 1 for attempts in site.attempts)


def begin_in_clear(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let servers and runs use STARTTLS: no provider of ours is reached so, as long as it offers the other way."""
    for server, name in ((site.pop3, "pop3-good-stls"), (site.smtp, "smtp-good-starttls")):
        server.dialogue, server.transport = read(name), "starttls"
    account = Plan.account

    def in_clear(self: Plan, providers: Any) -> MailAccount:
        made = account(self, providers)
        incoming, outgoing = (replace(s, socket_type=SocketType.STARTTLS) for s in (made.incoming, made.outgoing))
        return replace(made, incoming=incoming, outgoing=outgoing)

    monkeypatch.setattr(Plan, "account", in_clear)


@pytest.mark.parametrize("upgraded", [False, True], ids=["implicit-tls", "starttls"])
def test_the_password_is_nowhere_after_a_crash_at_any_stage(
    make_site: MakeSite, everything: Any, monkeypatch: pytest.MonkeyPatch, upgraded: bool
) -> None:
    def crash(self: Any, *_: Any) -> None:
        raise RuntimeError(f"{self.context.password.reveal()} of {self.context.user}")

    room = {"login_tests_per_account": 1000, "login_tests_per_network": (1000,), "login_tests_per_minute": 1000}
    with make_site(**room) as site:
        searched = everything(site)
        if upgraded:
            begin_in_clear(site, monkeypatch)
        stages = [(protocol, stage) for protocol in Protocol for stage in STAGES[protocol]]
        for protocol, stage in stages:
            if (stage in UPGRADES) != upgraded:
                continue
            before = site.attempts
            conversation: Any = pop3_module.Pop3 if protocol is Protocol.POP3 else smtp_module.Smtp
            with monkeypatch.context() as patch:
                patch.setattr(conversation, f"_{stage}", crash)
                run = site.run(site.log_in())
            assert run.state is RunState.FAILED, (protocol, stage, run.state)
            searched.look_at(run.id)
            assert all(now - then <= 1 for now, then in zip(site.attempts, before, strict=True))
        searched.search()


def test_the_password_is_nowhere_after_a_crash_of_the_run_and_of_the_page(
    make_site: MakeSite, everything: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make_site() as site:
        searched = everything(site)
        site.app.testing = False

        def crash(*_: Any, **values: Any) -> None:
            raise RuntimeError(f"{values.get('password') and values['password'].reveal()}")

        monkeypatch.setattr(engine_module.probe, "run", crash)
        run = site.run(site.log_in())
        assert run.state is RunState.INTERRUPTED
        searched.look_at(run.id)

        def fail(_: Any, job: str, password: probe.Secret) -> None:
            raise RuntimeError("no room")

        form = site.client.get("/connection-tests?lang=de")
        monkeypatch.setattr(type(site.engine.passwords), "put", fail)
        broken = site.client.submit(form, {"password": PASSWORD}, form=LOGIN)
        assert broken.status_code == 500
        searched.note(broken.text)
        searched.search()
        assert site.attempts == (0, 0)


def test_the_password_is_nowhere_after_a_time_out(
    make_site: MakeSite, everything: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = probe.run
    short = Bounds(run=2, run_with_login=2, resolve=2, connect=2, tls=2, reply=1)
    monkeypatch.setattr(engine_module.probe, "run", lambda *a, **k: real(*a, **{**k, "bounds": short}))
    for name in ("pop3-auth-silent", silent_dialogue()):
        with make_site(name) as site:
            searched = everything(site)
            run = site.run(site.log_in())
            assert run.state in (RunState.UNKNOWN, RunState.FAILED)
            searched.look_at(run.id)
            searched.search()


def test_the_password_is_nowhere_while_and_after_a_test_waits_too_long(
    make_site: MakeSite, everything: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make_site() as site:
        searched = everything(site)
        make = Plan.run

        def late(self: Plan, run_id: str, providers: Any) -> Any:
            return replace(make(self, run_id, providers), deadline=time.time() - 1)

        monkeypatch.setattr(Plan, "run", late)
        run = site.run(site.log_in())
        assert run.state is RunState.EXPIRED
        searched.look_at(run.id)
        searched.search()
        assert site.attempts == (0, 0)


def test_the_password_is_nowhere_while_a_blank_is_asked_about(make_site: MakeSite, everything: Any) -> None:
    with make_site() as site:
        searched = everything(site)
        question = site.log_in(f" {PASSWORD} ")
        searched.note(question.text)
        searched.note(str(question.headers))
        searched.while_it_runs()
        run = site.run(site.client.submit(question, form="Ohne Leerzeichen prüfen"))
        searched.look_at(run.id)
        searched.search()


def test_neither_the_store_nor_the_secret_key_opens_a_password(
    make_site: MakeSite, kind: str, redis_server: RedisServer
) -> None:
    if kind == "embedded":
        pytest.skip("in one process the key is in no store")
    with make_site() as site:
        assert site.worker is not None
        site.engine.passwords.put("job", probe.Secret(PASSWORD))
        kept = redis_server.client.get("gmx-pop:password:job")
        assert isinstance(kept, bytes)
        other = Worker(site.app, site.config)  # has everything of the installation but the other's private key
        redis_server.client.set("gmx-pop:password:copy", kept)
        thief = RedisPasswordStore(redis_server.client, dict, (site.worker.name, other._key))
        assert thief.take("copy") is None
        redis_server.client.set("gmx-pop:password:other-job", kept)
        moved = site.worker._runner._passwords.take("other-job")
        assert moved is None
        taken = site.worker._runner._passwords.take("job")
        assert taken is not None
        assert taken.reveal() == PASSWORD
        other._shared.pool.disconnect()


def test_nobody_becomes_a_worker_by_writing_to_redis(make_site: MakeSite, kind: str, redis_server: RedisServer) -> None:
    if kind == "embedded":
        pytest.skip("in one process there are no workers")
    with make_site(work=False) as site:
        redis_server.client.set("gmx-pop:worker:thief", b"\0" * 80)
        form = site.client.get("/connection-tests?lang=de")
        assert site.client.submit(form, {"password": PASSWORD}, form=LOGIN).status_code == 503


def test_what_is_in_redis_names_nobody(
    make_site: MakeSite, everything: Any, kind: str, redis_server: RedisServer
) -> None:
    if kind == "embedded":
        pytest.skip("nothing is in Redis")
    with make_site(silent_dialogue()) as site:
        answer = site.log_in()
        site.until(lambda: any(told["stage"] == "greeting" for told in site.told))
        dump = redis_server.dump()
        for key in redis_server.client.scan_iter():
            dump += repr(_content(redis_server, key)).encode()
        assert b"anna" not in dump
        assert not re.search(rb"cos\nsystem|\x80\x04\x95", dump)  # no pickle
        assert all(redis_server.client.ttl(key) > 0 for key in redis_server.client.scan_iter("gmx-pop:*"))
        site.engine.cancel(answer.location.rpartition("/")[2])
        site.run(answer)
