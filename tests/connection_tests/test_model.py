"""A person who does whatever comes to mind, on a site whose processes are killed meanwhile, and what must always hold.

Hypothesis makes up what the person does: answers questions, goes back and sends old forms, tests with right and wrong
passwords, presses buttons twice, follows any link. The model beside it knows one thing: how many logins each of these
clicks allows. After each step: no more logins at the servers than that, none after a kill, no error of ours, no page
without a way on, the limits kept, the password nowhere.

In the everyday tests it always makes up the same; MODEL_EXAMPLES=500 looks further, at random.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from werkzeug.test import TestResponse

from tests.connection_tests.conftest import PASSWORD, PLAIN_ANSWERS
from tests.core.probe.conftest import hides_the_password
from tests.support.certificates import Certificates
from tests.support.client import PageLintingClient
from tests.support.counting_servers import GREETING, LOGIN, CountingServers
from tests.support.killable_site import KillableSite
from tests.support.limits import NUMBERS
from tests.support.proofs import sampled
from tests.support.providers import rewrite_providers
from tests.support.redis_server import RedisServer
from tests.support.wandering import Wandering, filled, links_of, root_of, sends
from tests.web.wizard.walk import PLAIN, SEVERAL, url_of
from webapp.connection_tests.progress import Run
from webapp.core.account import shorten_address
from webapp.core.probe import RunState
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.limits import QUARTER
from webapp.web import connection_tests as views

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "0"))
STEPS = 30
PATIENCE = 30.0

ANNA, JOHN = "anna@gmx.de", "john@gmx.com"  # John's domain leaves it open which of the sites is his
RIGHT = {ANNA: PASSWORD, JOHN: f" {PASSWORD} of John "}  # whose password really has a blank at either end
WRONG = f"{PASSWORD} wrong"
ADDRESSES = (ANNA, JOHN, " Anna@GMX.de", "bea@gmial.com", "bea@web.de", "bea@example.org", "", "no address")
TEXTS = ("", "Anna", "14", "0", "many", "Ä" * 30, "<b>&amp;")

numbers = st.integers(0, 2**16)

JOHNS_ANSWERS = {
    "address": {"email_address": JOHN, "providers": ["gmx.net", "gmx.com"], "certainty": "ambiguous"},
    "platform": {"provider": "gmx.com"},
}
PLATFORM = ("platform", {"provider": "gmx.com"})
WALKS: tuple[tuple[tuple[str, dict[str, str]], ...], ...] = (
    PLAIN,
    (*PLAIN, *SEVERAL),
    (("address", {"email_address": JOHN}), PLATFORM, ("program", {"program": "apple-mail:iphone"}), PLAIN[2]),
    (*PLAIN[:1], ("program", {"program": "outlook:windows"}), PLAIN[2], ("outlook-profile", {"profile": "new"})),
)  # fmt: skip


def _step(name: str, **values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return st.tuples(st.just(name), st.fixed_dictionaries(values))


TESTS = _step(
    "tests",
    what=st.sampled_from(
        ("log in", "log in", "log in", "check", "again", "again", "cancel", "wait", "wait", "other", "blanks")
    ),
    address=st.sampled_from((ANNA, ANNA, JOHN)),
    password=st.sampled_from(("right", "right", "wrong", "blanks", "blanks", "only blanks", "nothing")),
    blanks=st.sampled_from(("", "keep", "strip")),
)
WANDERS = _step(
    "wanders",
    what=st.sampled_from(("press", "press", "press", "link", "back", "reload", "walk", "phone", "phone")),
    which=numbers,
    number=numbers,
    text=st.sampled_from(TEXTS),
    address=st.sampled_from(ADDRESSES),
)
HAPPENS = _step(
    "something_happens",
    what=st.sampled_from(
        (
            "web",
            "web, form again",
            "web, form again",
            "worker",
            "worker and anew",
            "silent",
            "silent",
            "talking",
            "time",
        )
    ),
    where=st.sampled_from((GREETING, LOGIN)),
)


@dataclass(frozen=True)
class Click:
    """A press of “test the login now” that was taken: of whom, with which password, in which quarter of an hour."""

    address: str
    password: str
    quarter: int


@dataclass(frozen=True)
class Surroundings:
    """What outlives every example."""

    config: Config
    database: Path
    certificates: Certificates
    redis: RedisServer | None
    folders: Iterator[Path]


class Person(RuleBasedStateMachine, Wandering):
    """One browser, and the model of what its clicks allow. No step draws from what a page says: timing would show."""

    surroundings: Surroundings

    def __init__(self) -> None:
        super().__init__()
        around = self.surroundings
        folder = next(around.folders)
        if around.redis is not None:
            around.redis.client.flushall()
        self.servers = CountingServers(around.certificates.server_context("ok"), RIGHT)
        self.servers.__enter__()
        rewrite_providers(folder / "providers", self.servers.servers)
        shutil.copy(around.database, folder)
        self.config = replace(around.config, data_dir=folder, providers_dir=folder / "providers")
        self.site = KillableSite(self.config, self.servers)
        self.quarter = 0
        self._put_the_clock_forward()
        self.silent = False
        self.pages: list[TestResponse] = []
        self.clicks: dict[str, Click] = {}  # by run id
        self.held: dict[str, str] = {}  # passwords with blanks that were asked about, by run id
        self.allowed: Counter[tuple[str, str, str]] = Counter()
        self.last: Callable[[], None] = lambda: None  # the last form about a test, sent once more
        self.refused = False  # something was turned away while nobody worked: perhaps it was counted
        self.tokens: set[str] = set()
        self._open("/")

    def teardown(self) -> None:
        self.site.close()
        self._search_everything()
        self.servers.__exit__(None, None, None)
        db.dispose()

    @rule(step=st.one_of(TESTS, TESTS, TESTS, WANDERS, WANDERS, HAPPENS, HAPPENS))
    def does(self, step: tuple[str, dict[str, Any]]) -> None:
        """One rule for all: of several Hypothesis would leave out some in each example, the logins for instance."""
        name, values = step
        getattr(self, name)(**values)

    def tests(self, what: str, address: str, password: str, blanks: str) -> None:
        if what == "log in":
            self._go_to_the_test(address)
            self._press_with("password", {"password": self._typed(password)})
            self._answer_about_the_blanks(blanks)
        elif what == "check":
            self._check(address)
        elif what == "again":
            self.last()
        elif what == "cancel":
            self._open(self._newest)
            self._press_where(lambda form: form.get("action", "").endswith("/cancel"))
        elif what == "wait":
            self._wait_for_the_end()
        elif what == "other":  # the other platform, where it is offered
            self._open(self._newest)
            self._press_with("password", {"password": self._typed(password)})
        elif found := [page for page in self.pages if 'name="blanks"' in page.text]:  # the question of before
            self.pages.append(found[-1])
            self._answer_about_the_blanks(blanks)

    def wanders(self, what: str, which: int, number: int, text: str, address: str) -> None:
        if what == "press":
            found = [(form, button) for form in self._forms() for button in form.iter("button") if sends(button)]
            if found:
                form, button = found[which % len(found)]
                self._send(form, button, filled(form, number, text, {"email_address": address}, (WRONG, PASSWORD)))
        elif what == "link":
            links = list(links_of(root_of(self.pages[-1].text)))
            self._open(urljoin(self.pages[-1].request.path, links[which % len(links)]))
        elif what == "back":  # to a page as it was: its forms may be used up
            self.pages.append(self.pages[max(0, len(self.pages) - 2 - which % 6)])
        elif what == "reload":
            if self.pages[-1].request.method == "GET":
                self._open(self.pages[-1].request.full_path)
        elif what == "walk":
            self._walk(WALKS[which % len(WALKS)])
        else:
            self._use_a_link()

    def something_happens(self, what: str, where: str) -> None:
        if what.startswith("web"):
            self.site.kill_web()
            self._put_the_clock_forward()
            if not self.site.is_scaled_out:
                self._nothing_is_allowed_any_more()
            if what.endswith("form again"):  # what people do when a page does not come
                self.last()
        elif what.startswith("worker"):
            if self.site.worker is not None:
                self.site.kill_worker()
                self._nothing_is_allowed_any_more()
            if what.endswith("anew") and self.site.is_scaled_out:
                self.site.start_worker()
        elif what == "time":  # for the limits, which forget then what they counted, used forms included
            self.quarter += 1
            self.held.clear()
            self._put_the_clock_forward()
        else:
            self.silent = what == "silent"
            self.servers.fall_silent(where if self.silent else None)

    def _check(self, address: str) -> None:
        self._go_to_the_test(address)

        def asks_for_no_login(form: Element) -> bool:
            names = {field.get("name") for field in form.iter("input")}
            return "run_id" in names and "login" not in names

        self._press_where(asks_for_no_login)

    def _wait_for_the_end(self) -> None:
        if self.silent or not self.site.worker_is_there or not self.clicks:
            return
        run_id, click = list(self.clicks.items())[-1]
        run = self.site.engine.runs.wait(run_id, PATIENCE)
        if run is not None and run.ended:
            self._judge(run, click)
        self._open(self._newest)

    def _use_a_link(self) -> None:
        """Make one, open it on the phone, without a cookie, and fetch every file."""
        self._open("/finish")
        self._press_where(lambda form: form.get("action") == "/downloads")
        phone = self.site.browser()
        token = self._session().get("download_link")
        if token is not None:
            self.tokens.add(token)
            page = phone.get(f"/f/{token}")
            assert page.status_code == 200
            assert all(phone.get(link).status_code == 200 for link in links_of(root_of(page.text), files=True))
        for other in self.tokens - {token}:  # of a session that was deleted, and its link with it
            assert phone.get(f"/f/{other}").status_code == 404

    # The model

    def _click(self, run_id: str, address: str, password: str) -> None:
        """Note that a press of the button was taken: it allows one login to each server, to SMTP if POP3 says yes."""
        seen = self.clicks.get(run_id)
        if seen is not None and seen.quarter == self.quarter:
            return
        self.clicks[run_id] = Click(address, password, self.quarter)
        self.allowed["pop3", address, password] += 1
        self.allowed["smtp", address, password] += password == RIGHT.get(address)
        assert (
            sum(click.quarter == self.quarter for click in self.clicks.values()) <= NUMBERS.login_tests_per_network[0]
        )
        # A test that sent no password is given back: what counts is what the server has seen.
        seen_logins = sum(n for (kind, who, _), n in self.servers.attempts.items() if (kind, who) == ("pop3", address))
        assert seen_logins <= NUMBERS.login_tests_per_account * (self.quarter + 1)

    def _nothing_is_allowed_any_more(self) -> None:
        """What a killed process had not begun must never begin."""
        self.allowed = Counter(self.servers.attempts)

    def _judge(self, run: Run, click: Click) -> None:
        key = click.address, click.password
        came = self.servers.attempts["pop3", *key], self.servers.attempts["smtp", *key]
        if run.state is RunState.PASSED:
            assert min(came) >= 1
            assert click.password == RIGHT[click.address]
        elif click.password != RIGHT.get(click.address):
            assert came[1] == 0
            alone = [other for other in self.clicks.values() if other == click] == [click]
            assert not alone or bool(came[0]) == run.report.password_sent
        if not run.ended or run.id not in self._session().get("runs", ()):
            return
        report = self.site.client.get(f"/connection-tests/{run.id}/report.json")
        if report.status_code == 200:
            assert json.loads(report.text)["address"] == shorten_address(click.address)

    def _look(self, response: TestResponse) -> None:
        """What holds after each request."""
        for key, count in self.servers.attempts.items():
            assert count <= self.allowed[key], (key, count, self.allowed[key])
        may_be_unavailable = not self.site.worker_is_there and response.request.path == "/connection-tests"
        assert response.status_code < 500 or (response.status_code == 503 and may_be_unavailable)
        assert hides_the_password(response.text if response.mimetype.startswith("text/") else repr(response.data))
        assert hides_the_password(str(response.headers))
        assert hides_the_password(repr(self._session()))
        if response.mimetype == "text/html" and not 300 <= response.status_code < 400:
            parts = [
                part for part in root_of(response.text).iter() if part.tag == "main" or "back" in part.get("class", "")
            ]
            ways = [way for part in parts for way in (*part.iter("form"), *links_of(part))]
            assert ways, f"a dead end: {response.request.path}"

    def _search_everything(self) -> None:
        for path in self.config.data_dir.rglob("*"):  # the database with its WAL
            assert not path.is_file() or hides_the_password(path.read_bytes().decode("latin-1")), path
        if self.surroundings.redis is not None:
            assert hides_the_password(self.surroundings.redis.dump().decode("latin-1"))

    # The browser

    def _browser(self) -> PageLintingClient:
        return self.site.client

    def _post(self, path: str, fields: Mapping[str, str]) -> None:
        if path != "/connection-tests":
            super()._post(path, fields)
            return
        self.last = lambda: self._test(fields)
        self.last()

    def _test(self, fields: Mapping[str, str]) -> None:
        """Send a form about a connection test, and note what it allows."""
        address = self._session().get("answers", {}).get("address", {}).get("email_address", "")
        run_id, typed = fields.get("run_id", ""), fields.get("password", "")
        blanks = fields.get("blanks")
        working = self.site.worker_is_there
        response = self.site.client.post("/connection-tests", data=fields)
        asked = response.status_code == 303 and "/blanks?" in response.location
        taken = response.status_code == 303 and response.location.startswith("/connection-tests/") and not asked
        if "login" in fields:
            if blanks:
                typed = self.held.get(run_id, "")
                typed = typed.strip() if blanks == "strip" else typed
            if taken:
                self._click(run_id, address, typed)
            elif asked:
                assert typed != typed.strip()
                self.held[run_id] = typed
            elif response.status_code == 429:
                self._check_that_enough_were_counted(address)
            self.refused |= not working
        if taken and run_id in self.clicks and self.clicks[run_id] != Click(address, typed, self.quarter):
            assert response.location.endswith("again=1") or self.clicks[run_id].quarter != self.quarter
        self._arrive(response)

    def _check_that_enough_were_counted(self, address: str) -> None:
        now = [click.address for click in self.clicks.values() if click.quarter == self.quarter]
        ever = [click.address for click in self.clicks.values()]
        enough = (
            now.count(address) >= NUMBERS.login_tests_per_account
            or ever.count(address) >= NUMBERS.login_refusals_per_account
            or len(now) >= NUMBERS.login_refusals_per_network[0]
            or len(ever) >= NUMBERS.login_refusals_per_network_and_day[0]
        )
        assert enough or self.refused

    @property
    def _newest(self) -> str:
        """The page of the newest test of this session, or the page from which one begins."""
        runs = self._session().get("runs", ())
        return f"/connection-tests/{runs[-1]}" if runs else "/connection-tests"

    def _go_to_the_test(self, address: str) -> None:
        """Open the page of the test, with every question answered for `address`."""
        if self._session().get("answers", {}).get("address", {}).get("email_address") != address:
            with self.site.client.session_transaction() as session:
                session["answers"] = PLAIN_ANSWERS | (JOHNS_ANSWERS if address == JOHN else {})
        self._open("/connection-tests")
        if self.pages[-1].request.path != "/connection-tests":  # an answer is missing
            self._walk(WALKS[2] if address == JOHN else WALKS[0])
            self._open("/connection-tests")

    def _answer_about_the_blanks(self, blanks: str) -> None:
        for form in self._forms():
            for button in form.iter("button"):
                if (button.get("name"), button.get("value")) == ("blanks", blanks):
                    self._send(form, button)
                    return

    def _walk(self, walk: tuple[tuple[str, dict[str, str]], ...]) -> None:
        seen = ""
        for slug, values in walk:
            self._open(url_of(slug) + ("" if slug == seen else "?again=1"))
            assert self.pages[-1].request.path == url_of(slug)
            seen = slug
            form = self._forms()[0]
            button = next(button for button in form.iter("button") if sends(button))
            self._send(form, button, {**({"list": "next"} if "program-1" in values else {}), **values})

    def _typed(self, kind: str) -> str:
        right = RIGHT.get(self._session().get("answers", {}).get("address", {}).get("email_address", ""), PASSWORD)
        return {"right": right, "wrong": WRONG, "blanks": f" {right.strip()}\t", "only blanks": "  "}.get(kind, "")

    def _session(self) -> dict[str, Any]:
        interface: Any = self.site.app.session_interface
        cookie = self.site.client.get_cookie("session")
        return (interface.unseal(cookie.value) if cookie else None) or {}

    def _put_the_clock_forward(self) -> None:
        self.site.passed = timedelta(seconds=self.quarter * (QUARTER + 1))


def _check(surroundings: Surroundings, examples: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "RESULT_WAIT_SECONDS", 0.1)
    machine: Any = type("PersonHere", (Person,), {"surroundings": surroundings})
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            derandomize=not EXAMPLES,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            # To make a failure smaller takes minutes: only where somebody looks for one.
            phases=(Phase.generate, Phase.shrink) if EXAMPLES else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.timeout(0 if EXAMPLES else 300)
@pytest.mark.parametrize(
    ("engine", "examples"),
    sampled([("embedded", 4), ("redis", 3), ("embedded", 20), ("redis", 12)], lambda case: case[1] < 10),
)
def test_whatever_a_person_does_and_whatever_is_killed(
    engine: str,
    examples: int,
    empty_database: Path,
    config: Config,
    certificates: Certificates,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    redis: RedisServer | None = None
    own = replace(config, tls_ca_file=certificates.ca_file, test_threads=2)
    if engine == "redis":
        own = replace(own, redis_url=request.getfixturevalue("redis_url"))
        redis = request.getfixturevalue("redis_server")

    def folders() -> Iterator[Path]:
        for number in itertools.count():
            folder = tmp_path / str(number)
            folder.mkdir()
            yield folder

    _check(Surroundings(own, empty_database, certificates, redis, folders()), EXAMPLES or examples, monkeypatch)
