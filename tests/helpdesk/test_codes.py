"""Guessing codes: few tries, one answer, one timing."""

from __future__ import annotations

import re
import statistics
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from tests.helpdesk.conftest import Browser, fragment, open_case, post
from tests.support.client import PageLintingClient
from tests.support.limits import NUMBERS, household
from webapp.helpdesk import cases, tokens
from webapp.helpdesk.check_words import WORDS, two_words
from webapp.helpdesk.tokens import new_token
from webapp.infrastructure import db, limits
from webapp.infrastructure.codes import parse_code
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Case


def test_secrets_have_the_bits_they_claim() -> None:
    assert len(tokens.new_token()) == 22  # 128 bits in base64
    assert len(tokens.new_token(tokens.SESSION_BYTES)) == 43  # 256 bits


def test_two_different_words_stand_on_both_screens() -> None:
    assert len(set(WORDS)) == len(WORDS) >= 64
    for _ in range(50):
        first, _, second = two_words().partition(" – ")
        assert first != second


def test_after_five_wrong_codes_an_address_pauses_and_links_go_on(
    agent: PageLintingClient, new_browser: Browser
) -> None:
    _, code, link = open_case(agent)
    for number in range(5):
        answer = post(new_browser(), "/join", {"code": f"00000000{number}"})
        assert answer.status_code == 422
        assert "Dieser Code passt nicht" in answer.text
    assert post(new_browser(), "/join", {"code": code}).status_code == 429
    assert post(new_browser(), link, page=link).status_code == 303


def test_a_port_behind_the_address_gives_no_further_tries(app: Flask, agent: PageLintingClient) -> None:
    """Some proxies write X-Forwarded-For so; every connection would begin its own count."""
    statuses = []
    for number in range(6):
        person = app.test_client()
        person.environ_base["REMOTE_ADDR"] = f"192.0.2.8:{50_000 + number}"
        statuses.append(post(person, "/join", {"code": f"00000000{number}"}).status_code)  # type: ignore[arg-type]
    assert statuses == [422] * 5 + [429]


def test_good_codes_do_not_count(agent: PageLintingClient, new_browser: Browser) -> None:
    for _ in range(7):
        _, code, _ = open_case(agent)
        assert post(new_browser(), "/join", {"code": code}).status_code == 303


def guess(app: Flask, address: str, number: int) -> int:
    person = app.test_client()
    person.environ_base["REMOTE_ADDR"] = address
    return int(post(person, "/join", {"code": f"{number:09}"}).status_code)  # type: ignore[arg-type]


def test_an_agent_enters_a_right_code_while_strangers_have_used_up_all(
    app: Flask, agent: PageLintingClient, person: PageLintingClient
) -> None:
    """From 256 networks of one household, and then from all over the world."""
    post(person, "/join/help")
    code = re.search(r'class="spoken-code"[^>]*>([\d ]+)<', person.get("/join/wait").text)
    assert code
    of_one_household = [guess(app, household(number), number) for number in range(32)]
    assert of_one_household.count(422) == NUMBERS.codes_per_network[1]
    with app.app_context():
        for number in range(NUMBERS.codes_of_strangers):
            limits.current().take_code(f"198.51.{number // 250}.{number % 250}", f"stranger {number}")
    _, agents_code, link = open_case(agent)
    full = post(person, "/join", {"code": agents_code})
    assert full.status_code == 429
    assert "Bitten Sie um einen Link per Mail oder Nachricht" in full.text
    assert post(agent, "/helpdesk/code", {"code": code[1]}, page="/helpdesk").status_code == 303
    assert post(person, link, page=link).status_code == 303


def test_an_agent_cannot_guess_persons_codes_either(agent: PageLintingClient) -> None:
    for number in range(NUMBERS.codes_per_agent):
        assert post(agent, "/helpdesk/code", {"code": f"00000000{number}"[-9:]}, page="/helpdesk").status_code == 422
    assert post(agent, "/helpdesk/code", {"code": "000000009"}, page="/helpdesk").status_code == 429


def test_strangers_fill_the_queue_only_so_far_and_agents_invite_all_the_same(
    app: Flask, config: Config, agent: PageLintingClient
) -> None:
    asked = []
    for number in range(NUMBERS.waiting_per_network[1] + 4):
        person = app.test_client()
        person.environ_base["REMOTE_ADDR"] = household(number % 256)
        asked.append(post(person, "/join/help").status_code)  # type: ignore[arg-type]
    assert asked.count(303) == NUMBERS.waiting_per_network[1]
    assert asked[-1] == 429
    with db.read(config) as session:
        waiting = session.query(Case).filter_by(state="waiting").all()
    assert len(waiting) == NUMBERS.waiting_per_network[1]
    open_case(agent)
    post(agent, f"/helpdesk/queue/{waiting[0].reference}", page="/helpdesk")
    late = app.test_client()
    late.environ_base["REMOTE_ADDR"] = household(200)
    assert post(late, "/join/help").status_code == 303  # type: ignore[arg-type]


def test_who_asks_for_a_new_code_keeps_one_place_in_the_queue(app: Flask, new_browser: Browser) -> None:
    person = new_browser()
    for _ in range(NUMBERS.waiting_per_network[0] + 2):
        assert post(person, "/join/help").status_code == 303
    assert post(person, "/join/end", page="/join/wait").status_code == 303
    for _ in range(NUMBERS.waiting_per_network[0]):
        assert post(new_browser(), "/join/help").status_code == 303
    full = post(new_browser(), "/join/help")
    assert full.status_code == 429
    assert "/join/call" not in full.text, "no hours are set: there is no time to choose"
    app.extensions["config"] = replace(app.extensions["config"], helpdesk_hours="mon-sun 0:00-24:00")
    assert 'href="/join/call"' in post(new_browser(), "/join/help").text


def test_nobody_waits_where_nobody_helps(app: Flask, config: Config, client: PageLintingClient) -> None:
    assert post(client, "/join/help").headers["Location"] == "/join"
    with db.read(config) as session:
        assert not session.query(Case).all()


def test_tries_are_kept_under_keyed_hashes(app: Flask, config: Config) -> None:
    with app.app_context():
        limits.current().take_code("192.0.2.77", "click")
    db.dispose()
    assert b"192.0.2.77" not in (config.data_dir / "wizard.sqlite3").read_bytes()


def test_unknown_expired_and_used_codes_get_one_answer_in_one_time(
    app: Flask, config: Config, agent: PageLintingClient, new_browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits.Limits, "take", lambda *_, **__: None)
    _, used, _ = open_case(agent)
    assert post(new_browser(), "/join", {"code": used}).status_code == 303
    _, expired, _ = open_case(agent)
    with db.begin(config) as session:
        session.query(Case).filter(Case.code_hash.is_not(None)).update(
            {"code_expires_at": datetime.now(UTC) - timedelta(seconds=1)}
        )
    codes = {"unknown": "000 000 000", "used": used, "expired": expired}
    texts = set()
    for code in codes.values():
        page = post(new_browser(), "/join", {"code": code})
        assert page.status_code == 422
        texts.add(page.text.partition('role="alert"')[2].partition("</div>")[0])
    assert len(texts) == 1

    times: dict[str, list[float]] = {name: [] for name in codes}
    with app.app_context():
        for _ in range(60):  # in turns, so that a slow moment of the machine hits all alike
            for name, code in codes.items():
                began = time.thread_time()
                assert not cases.exchange_code(parse_code(code) or "", "a browser's own secret")
                times[name].append(time.thread_time() - began)
    medians = {name: statistics.median(found) for name, found in times.items()}
    assert max(medians.values()) < 1.5 * min(medians.values()), medians


def test_two_who_come_at_once_do_not_both_get_in(app: Flask, agent: PageLintingClient) -> None:
    import threading

    _, code, _ = open_case(agent)
    plain = parse_code(code) or ""
    found: list[bool] = []

    def exchange() -> None:
        with app.app_context():
            found.append(cases.exchange_code(plain, new_token()))

    threads = [threading.Thread(target=exchange) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found) == 1


def test_the_url_after_the_exchange_holds_no_token(agent: PageLintingClient, person: PageLintingClient) -> None:
    _, _, link = open_case(agent)
    answer = post(person, link, page=link)
    assert answer.headers["Location"] == "/join/confirm"
    assert link.rpartition("/")[2] not in fragment(person, "/join/confirm").text


def test_tokens_in_paths_do_not_reach_the_log() -> None:
    from webapp.infrastructure.logs import redacted

    line = "POST /join/link/Aabcdefghijklmnopqrstu 303 /helpdesk/first-run/Babcdefghijklmnopqrstu"
    assert redacted(line) == "POST /join/link/… 303 /helpdesk/first-run/…"
