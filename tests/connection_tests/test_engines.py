"""What every engine must do, proved with the one in the process and with a worker behind a real Redis."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from tests.connection_tests.conftest import PASSWORD, USER, MakeSite, Site
from tests.support.client import PageLintingClient
from tests.support.fault_server import Dialogue, read
from tests.support.limits import NUMBERS, login
from tests.support.log_lines import LogLines
from tests.support.redis_server import RedisServer
from webapp.connection_tests import engine as engine_module
from webapp.connection_tests.engine import EXPIRES_SECONDS, PLACEHOLDER_ADDRESS, Plan
from webapp.connection_tests.progress import MemoryRunStore, Run
from webapp.core import probe
from webapp.core.probe import RunState, Secret
from webapp.infrastructure import limits
from webapp.infrastructure.config import CHECK_CACHE_SECONDS


def queued(site: Site, run_id: str = "run-of-a-test-1", **values: object) -> tuple[Plan, Run]:
    """Put a login test into the stores; `submit` is the test's own business."""
    plan = Plan("gmx.net", USER, login=True)
    with site.app.app_context():
        run = replace(plan.run(run_id, engine_module.current_providers()), **values)  # type: ignore[arg-type]
    assert site.engine.runs.add(run)
    site.engine.passwords.put(run_id, Secret(PASSWORD))
    return plan, run


def silent_dialogue(text: str = "") -> Dialogue:
    """A server that greets nobody, as long as it is called."""
    good = read("pop3-good")
    return Dialogue("silent", good.facts, (("!", "hang"),))


def test_runs_a_test_to_its_end_and_tells_of_every_stage(make_site: MakeSite) -> None:
    with make_site() as site:
        plan, run = queued(site)
        site.engine.submit(run.id, plan)
        ended = site.ended(run.id)
        assert (ended.state, ended.report.passed, ended.report.password_sent) == (RunState.PASSED, True, True)
        assert ended.report.reference == run.report.reference
        assert ended.report.mailbox == probe.report.Mailbox(5, 47919)
        assert site.attempts == (1, 1)
        site.until(lambda: site.told and site.told[-1]["state"] == "passed")
        stages = [(told["protocol"], told["stage"]) for told in site.told if told["status"] == "passed"]
        assert ("pop3", "authenticate") in stages
        assert ("smtp", "rcpt") in stages
        assert {told["run"] for told in site.told} == {run.id}
        assert site.told[-1]["stage"] is None


def test_a_test_that_is_put_back_with_its_password_logs_in_no_second_time(make_site: MakeSite) -> None:
    with make_site() as site:
        with site.app.app_context():
            assert login(limits.current(), USER, "198.51.100.1", "run-of-a-test-1") is None
        for attempts in ((1, 1), (1, 1)):
            plan, run = queued(site)
            site.engine.submit(run.id, plan)
            ended = site.ended(run.id)
            assert site.attempts == attempts
            site.engine.runs.forget(run.id)
        assert (ended.state, ended.report.password_sent) == (RunState.EXPIRED, False)


def test_says_what_failed_and_counts_the_refusal_at_the_end_of_the_run(make_site: MakeSite) -> None:
    with make_site("pop3-auth-code-auth") as site:
        number_of_runs = NUMBERS.breaker_refusals
        for number in range(number_of_runs):
            plan = Plan("gmx.net", f"person{number % NUMBERS.breaker_accounts}@gmx.de", login=True)
            with site.app.app_context():
                run = plan.run(f"run-of-a-test-{number}", engine_module.current_providers())
                assert login(limits.current(), plan.address, f"198.51.100.{number}", run.id) is None
            site.engine.runs.add(run)
            site.engine.passwords.put(run.id, Secret(PASSWORD))
            site.engine.submit(run.id, plan)
            ended = site.ended(run.id)
            assert ended.state is RunState.FAILED
        site.until(lambda: site.told[-1]["diagnosis"])
        assert site.told[-1]["diagnosis"] == ("login-refused",)
        assert site.attempts == (number_of_runs, 0)
        page = site.client.get("/connection-tests").text  # nobody has looked at a result
        assert "gerade ausgeschaltet" in page
        assert 'name="password"' not in page


def test_a_second_delivery_finds_nothing_to_do(make_site: MakeSite) -> None:
    with make_site() as site:
        plan, run = queued(site)
        for _ in range(3):
            site.engine.submit(run.id, plan)
        assert site.ended(run.id).state is RunState.PASSED
        site.engine.submit(run.id, plan)
        other_plan, other = queued(site, "run-of-a-test-2")
        site.engine.submit(other.id, other_plan)
        assert site.ended(other.id).state is RunState.PASSED
        assert site.attempts == (2, 2)


def test_without_its_password_a_run_ends_unsent(make_site: MakeSite) -> None:
    with make_site() as site:
        plan, run = queued(site)
        site.engine.passwords.take(run.id)
        site.engine.submit(run.id, plan)
        ended = site.ended(run.id)
        assert (ended.state, ended.report.password_sent) == (RunState.EXPIRED, False)
        assert site.attempts == (0, 0)


def test_a_run_that_waited_too_long_is_not_run_any_more(make_site: MakeSite) -> None:
    with make_site() as site:
        long_ago = time.time() - EXPIRES_SECONDS - 1
        plan, run = queued(site, queued_at=long_ago, deadline=long_ago + EXPIRES_SECONDS)
        site.engine.submit(run.id, plan)
        site.until(lambda: [told for told in site.told if told["state"] == "expired"])
        assert site.ended(run.id).state is RunState.EXPIRED
        assert site.attempts == (0, 0)


def test_a_run_past_its_deadline_reads_as_interrupted_and_stays_so(make_site: MakeSite) -> None:
    with make_site() as site:
        _, run = queued(site)
        begun = site.engine.runs.begin(run.id, time.time() + 0.2)
        assert begun is not None
        site.until(lambda: site.ended(run.id).ended)
        assert site.ended(run.id).state is RunState.INTERRUPTED
        assert not site.engine.runs.end(run.id, RunState.PASSED, run.report)
        assert site.ended(run.id).state is RunState.INTERRUPTED


def test_one_that_waits_is_cancelled_and_never_begins(make_site: MakeSite) -> None:
    with make_site() as site:
        plan, run = queued(site)
        site.engine.cancel(run.id)
        assert site.engine.passwords.take(run.id) is None
        site.engine.submit(run.id, plan)
        other_plan, other = queued(site, "run-of-a-test-2")
        site.engine.submit(other.id, other_plan)
        site.ended(other.id)
        assert site.ended(run.id).state is RunState.CANCELLED
        assert site.attempts == (1, 1)


@pytest.mark.parametrize("silent", ["greeting", "connect"])
def test_one_that_runs_is_cancelled_in_the_middle_of_a_wait(make_site: MakeSite, silent: str) -> None:
    dialogue = silent_dialogue()
    if silent == "connect":
        dialogue.facts["transport"] = "silent"
    with make_site(dialogue) as site:
        plan, run = queued(site)
        begin = time.monotonic()
        site.engine.submit(run.id, plan)
        site.until(lambda: any(t["stage"] == silent and t["status"] == "running" for t in site.told))
        site.engine.cancel(run.id)
        ended = site.ended(run.id)
        assert time.monotonic() - begin < 5.5  # nothing of the kind ends by itself before 6 seconds
        assert (ended.state, ended.report.password_sent) == (RunState.CANCELLED, False)
        assert site.attempts == (0, 0)


def test_deleting_everything_ends_the_persons_test_and_keeps_nothing_of_it(make_site: MakeSite) -> None:
    with make_site(silent_dialogue()) as site:
        run_id = site.log_in().location.rpartition("/")[2]
        site.until(lambda: any(t["stage"] == "greeting" and t["status"] == "running" for t in site.told))
        assert site.client.submit(site.client.get("/privacy"), form="Jetzt löschen").location == "/deleted"
        assert site.engine.runs.get(run_id) is None
        assert site.engine.passwords.take(run_id) is None
        plan, after = queued(site)  # the thread is free again, and has written nothing
        site.engine.submit(after.id, plan)
        site.until(lambda: any(t["run"] == after.id and t["stage"] == "greeting" for t in site.told))
        assert site.engine.runs.get(run_id) is None
        assert site.attempts == (0, 0)
        site.engine.cancel(after.id)
        site.ended(after.id)


def test_deleting_everything_leaves_a_check_to_the_others_who_look_at_it(make_site: MakeSite) -> None:
    with make_site(silent_dialogue()) as site:
        other = site.app.test_client()
        assert isinstance(other, PageLintingClient)
        site.answer(other)
        mine, theirs = (site.check(client).location.rpartition("/")[2] for client in (site.client, other))
        assert site.client.submit(site.client.get("/privacy"), form="Jetzt löschen").location == "/deleted"
        left, still = site.engine.runs.get(mine), site.engine.runs.get(theirs)
        assert left is not None
        assert still is not None
        assert (left.state, still.ended) == (RunState.CANCELLED, False)
        other.submit(other.get("/privacy"), form="Jetzt löschen")  # nobody waits for the greeting any more
        assert site.ended(theirs).state is RunState.CANCELLED


def test_a_password_without_an_answer_reads_as_unknown(make_site: MakeSite) -> None:
    with make_site("pop3-auth-silent") as site:
        plan, run = queued(site)
        site.engine.submit(run.id, plan)
        site.until(lambda: site.pop3.attempts)
        site.engine.cancel(run.id)
        ended = site.ended(run.id)
        assert (ended.state, ended.report.password_sent) == (RunState.UNKNOWN, True)
        assert site.attempts == (1, 0)


def test_stopping_lets_a_running_test_end_and_begins_none(make_site: MakeSite) -> None:
    with make_site(silent_dialogue()) as site:
        plan, run = queued(site)
        site.engine.submit(run.id, plan)
        site.until(lambda: any(told["stage"] == "greeting" for told in site.told))
        stop = threading.Thread(target=(site.worker or site.engine).shutdown)
        stop.start()
        stop.join(0.1)
        assert stop.is_alive()
        site.engine._interrupt(run.id)
        stop.join(30)
        assert not stop.is_alive()
        # A worker that stops may hear the word no more; then the wait for the greeting ends by its own limit.
        assert site.ended(run.id).state in (RunState.CANCELLED, RunState.FAILED)


def test_who_waits_learns_their_place(make_site: MakeSite) -> None:
    with make_site(work=False) as site:
        runs = site.engine.runs
        ids = [f"run-of-a-test-{number}" for number in range(3)]
        for number, run_id in enumerate(ids):
            with site.app.app_context():
                run = Plan("gmx.net", USER).run(run_id, engine_module.current_providers())
            runs.add(replace(run, queued_at=run.queued_at + number / 1000))
        assert [runs.position(run_id) for run_id in ids] == [1, 2, 3]
        runs.end(ids[0], RunState.CANCELLED, waiting=True)
        runs.begin(ids[1], time.time() + 10)
        assert [runs.position(run_id) for run_id in ids] == [0, 0, 1]
        assert runs.position("nobody") == 0


def test_everybody_looks_at_one_check(make_site: MakeSite) -> None:
    with make_site("pop3-good-without-login", "smtp-good-without-login") as site:
        plan = Plan("gmx.net", PLACEHOLDER_ADDRESS)

        def join(follower: str, number: int) -> bool:
            with site.app.app_context():
                run = plan.run(f"check-{number}", engine_module.current_providers())
                fresh = site.engine.runs.join("key", follower, run)
                if fresh:
                    site.engine.submit(run.id, plan)
                joined = site.engine.runs.get(follower)
                assert joined is not None
                engine_module.announce(site.app, joined)  # as the page does: who joins at the end hears of it here
            return fresh

        fresh: list[bool] = []
        threads = [
            threading.Thread(target=lambda n=n: fresh.append(join(f"follower-{n}", n)))  # type: ignore[misc]
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(fresh) == 1
        runs = [site.ended(f"follower-{n}") for n in range(8)]
        assert {run.state for run in runs} == {RunState.PASSED}
        assert {run.report.reference for run in runs} == {runs[0].report.reference}
        assert all(run.shared for run in runs)
        assert [run.id for run in runs] == [f"follower-{n}" for n in range(8)]
        assert (site.pop3.connections, site.smtp.connections) == (1, 1)
        assert not join("late", 9)
        site.until(
            lambda: {f"follower-{n}" for n in range(8)} <= {t["run"] for t in site.told if t["state"] == "passed"}
        )
        assert "check-" not in str({told["run"] for told in site.told})


def test_a_shared_check_is_made_anew_after_half_a_minute(make_site: MakeSite, redis_server: RedisServer) -> None:
    with make_site(work=False) as site:
        runs = site.engine.runs
        with site.app.app_context():
            run = Plan("gmx.net", PLACEHOLDER_ADDRESS).run("check-1", engine_module.current_providers())
        assert runs.join("key", "first", run)
        assert runs.end("check-1", RunState.FAILED, run.report)
        assert not runs.join("key", "second", replace(run, id="check-2"))
        if isinstance(runs, MemoryRunStore):
            runs._clock = lambda: time.time() + CHECK_CACHE_SECONDS
        else:  # Redis has a clock of its own
            assert 25 < int(redis_server.client.ttl("gmx-pop:shared:key")) <= CHECK_CACHE_SECONDS
            redis_server.client.delete("gmx-pop:shared:key")
        assert runs.join("key", "third", replace(run, id="check-3"))


@pytest.mark.parametrize("state", [RunState.INTERRUPTED, RunState.EXPIRED, RunState.CANCELLED])
def test_a_shared_check_that_tells_nothing_is_not_shown_to_others(make_site: MakeSite, state: RunState) -> None:
    with make_site(work=False) as site:
        with site.app.app_context():
            run = Plan("gmx.net", PLACEHOLDER_ADDRESS).run("check-1", engine_module.current_providers())
        if state is RunState.EXPIRED:
            run = replace(run, deadline=time.time() - 1)
        assert site.engine.runs.join("key", "first", run)
        site.engine.runs.end("check-1", state)
        assert site.ended("first").state is state
        assert site.engine.runs.join("key", "second", replace(run, id="check-2", deadline=time.time() + 45))


def test_a_check_goes_on_until_the_last_who_looks_has_left(make_site: MakeSite) -> None:
    with make_site(silent_dialogue(), "smtp-good-without-login") as site:
        plan = Plan("gmx.net", PLACEHOLDER_ADDRESS)
        with site.app.app_context():
            run = plan.run("check-1", engine_module.current_providers())
        assert site.engine.runs.join("key", "first", run)
        site.engine.submit(run.id, plan)
        assert not site.engine.runs.join("key", "second", replace(run, id="check-2"))
        site.until(lambda: any(told["stage"] == "greeting" for told in site.told))
        assert site.engine.runs.leave("first") is None
        left = site.engine.runs.get("first")
        assert left is not None
        assert left.state is RunState.CANCELLED
        other = site.engine.runs.get("second")
        assert other is not None
        assert other.state is RunState.RUNNING
        assert site.engine.runs.leave("second") == "check-1"
        site.engine.cancel("check-1")
        assert site.ended("check-1").state is RunState.CANCELLED
        assert site.engine.runs.join("key", "third", replace(run, id="check-3"))


def test_nobody_joins_a_check_that_is_being_cancelled(make_site: MakeSite) -> None:
    with make_site(work=False) as site:
        with site.app.app_context():
            run = Plan("gmx.net", PLACEHOLDER_ADDRESS).run("check-1", engine_module.current_providers())
        runs = site.engine.runs
        assert runs.join("key", "first", run)
        assert runs.leave("first") == "check-1"
        assert runs.join("key", "second", replace(run, id="check-2"))  # before the first has come to its end
        site.engine.cancel("check-1")
        assert [site.engine.runs.get(name).state for name in ("first", "second")] == [  # type: ignore[union-attr]
            RunState.CANCELLED, RunState.QUEUED,
        ]  # fmt: skip
        assert not runs.join("key", "third", replace(run, id="check-3"))


def test_a_password_is_taken_once_whoever_is_fast(make_site: MakeSite) -> None:
    with make_site() as site:
        site.engine.passwords.put("job", Secret(PASSWORD))
        assert 50 < site.engine.passwords.seconds_left("job") <= 60
        store = site.engine.passwords
        if site.worker is not None:
            assert site.worker._runner._passwords is not store
            store = site.worker._runner._passwords
        taken: list[Secret | None] = []
        threads = [threading.Thread(target=lambda: taken.append(store.take("job"))) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [secret.reveal() for secret in taken if secret] == [PASSWORD]
        assert store.seconds_left("job") == 0


def test_a_crash_in_the_code_reads_as_interrupted(make_site: MakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    with make_site() as site:

        def crash(*_: object, **values: object) -> None:
            raise RuntimeError(str(values["password"]))

        monkeypatch.setattr(engine_module.probe, "run", crash)
        plan, run = queued(site)
        site.engine.submit(run.id, plan)
        assert site.ended(run.id).state is RunState.INTERRUPTED


def test_who_listens_cannot_disturb_a_run(make_site: MakeSite) -> None:
    from webapp.infrastructure.events import test_progressed as progressed

    def fail(_: object, **values: object) -> None:
        raise RuntimeError("a listener's mistake")

    with make_site() as site, progressed.connected_to(fail):
        plan, run = queued(site)
        site.engine.submit(run.id, plan)
        assert site.ended(run.id).state is RunState.PASSED


def test_one_id_leads_from_the_press_through_the_job_to_the_result(make_site: MakeSite, log_lines: LogLines) -> None:
    with make_site() as site:
        site.answer()
        sent = site.log_in()
        run = site.run(sent)
        site.client.get(f"/connection-tests/{run.id}")
        site.until(lambda: "connection test: passed" in log_lines.text)
    tests = "connection test: queued", "connection test: passed"
    told = (*tests, "POST /connection-tests", "GET /connection-tests/<run_id>")
    ids = [line["id"] for line in log_lines() for words in told if line["message"].startswith(f"{words}")]
    posted = [line["id"] for line in log_lines() if line["message"].startswith("POST /connection-tests")]
    assert set(ids) == {run.report.reference} == set(posted)
    assert len(ids) >= len(told)
