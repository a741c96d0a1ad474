"""Guessing codes: few tries, one answer, one timing."""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpdesk.conftest import Browser, fragment, open_case, post
from tests.support.client import PageLintingClient
from webapp import db
from webapp.config import Config
from webapp.helpdesk import attempts, cases, tokens
from webapp.helpdesk.words import WORDS, two_words
from webapp.models import Case, HelpdeskAttempt
from webapp.security import network


@settings(deadline=None)
@given(st.integers(0, 999_999_999), st.sampled_from([" ", "-", " - ", "\u2013", ".", ""]))
def test_a_code_is_read_however_it_is_grouped(number: int, between: str) -> None:
    code = f"{number:09}"
    assert tokens.parse_code(between.join((code[:3], code[3:6], code[6:]))) == code
    assert tokens.parse_code(tokens.spoken(code)) == code


@pytest.mark.parametrize("text", ["", "12345678", "1234567890", "12345678a", "１２３456789", "123;456;789", "' OR 1=1"])
def test_anything_else_is_no_code(text: str) -> None:
    assert tokens.parse_code(text) is None


def test_secrets_have_the_bits_they_claim() -> None:
    assert len(tokens.new_token()) == 22  # 128 bits in base64
    assert len(tokens.new_token(tokens.SESSION_BYTES)) == 43  # 256 bits
    assert len({tokens.new_code() for _ in range(200)}) == 200


def test_what_is_sealed_opens_for_its_purpose_alone(config: Config) -> None:
    sealed = tokens.seal(config, "one", b"content")
    assert tokens.unseal(config, "one", sealed) == b"content"
    assert tokens.unseal(config, "two", sealed) is None
    assert tokens.unseal(config, "one", sealed[:5]) is None


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


def test_neighbours_in_one_ipv6_network_count_together() -> None:
    assert network("2001:db8::1") == network("2001:db8::ffff") == "2001:db8::/64"
    assert network("192.0.2.1") != network("192.0.2.2")


def test_good_codes_do_not_count(agent: PageLintingClient, new_browser: Browser) -> None:
    for _ in range(7):
        _, code, _ = open_case(agent)
        assert post(new_browser(), "/join", {"code": code}).status_code == 303


def test_sixty_wrong_codes_of_everybody_pause_everybody(app: Flask, config: Config) -> None:
    with app.app_context():
        now = datetime.now(UTC)
        for number in range(60):
            assert attempts.take(*attempts.codes_from(f"192.0.2.{number}"), now=now) is None
        refused = attempts.take(*attempts.codes_from("198.51.100.1"), now=now)
        assert refused is not None
        assert refused.who == "everybody"
        assert attempts.take(*attempts.codes_from("198.51.100.1"), now=now + timedelta(minutes=11)) is None


def test_a_guesser_with_many_addresses_gets_nowhere(app: Flask, agent: PageLintingClient) -> None:
    """Ten minutes of guessing from a thousand addresses: sixty tries at nine digits."""
    open_case(agent)
    tried = 0
    with app.app_context():
        for number in range(1000):
            if attempts.take(*attempts.codes_from(f"10.0.{number // 250}.{number % 250}")) is None:
                tried += 1
    assert tried == 60


def test_an_agent_cannot_guess_persons_codes_either(agent: PageLintingClient) -> None:
    for number in range(5):
        assert post(agent, "/helpdesk/code", {"code": f"00000000{number}"}, page="/helpdesk").status_code == 422
    assert post(agent, "/helpdesk/code", {"code": "000000009"}, page="/helpdesk").status_code == 429


def test_tries_are_kept_under_keyed_hashes_and_forgotten_after_an_hour(app: Flask, config: Config) -> None:
    with app.app_context():
        attempts.take(*attempts.codes_from("192.0.2.77"))
        with db.begin() as session:
            (first, *_) = session.query(HelpdeskAttempt).all()
            assert len(first.bucket) == 32
            assert attempts.purge(session, datetime.now(UTC) + timedelta(minutes=59)) == 0
            assert attempts.purge(session, datetime.now(UTC) + timedelta(minutes=61)) == 2
    db.dispose()
    assert b"192.0.2.77" not in (config.data_dir / "wizard.sqlite3").read_bytes()


def test_unknown_expired_and_used_codes_get_one_answer_in_one_time(
    app: Flask, config: Config, agent: PageLintingClient, new_browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "take", lambda *_, **__: None)
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
                assert cases.exchange_code(tokens.parse_code(code) or "") is None
                times[name].append(time.thread_time() - began)
    medians = {name: statistics.median(found) for name, found in times.items()}
    assert max(medians.values()) < 1.5 * min(medians.values()), medians


def test_two_who_come_at_once_do_not_both_get_in(app: Flask, agent: PageLintingClient) -> None:
    import threading

    _, code, _ = open_case(agent)
    plain = tokens.parse_code(code) or ""
    found: list[str | None] = []

    def exchange() -> None:
        with app.app_context():
            found.append(cases.exchange_code(plain))

    threads = [threading.Thread(target=exchange) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(token is not None for token in found) == 1


def test_the_url_after_the_exchange_holds_no_token(agent: PageLintingClient, person: PageLintingClient) -> None:
    _, _, link = open_case(agent)
    answer = post(person, link, page=link)
    assert answer.headers["Location"] == "/join/confirm"
    assert link.rpartition("/")[2] not in fragment(person, "/join/confirm").text


def test_tokens_in_paths_do_not_reach_the_log() -> None:
    from webapp.logs import redacted

    line = "POST /join/link/Aabcdefghijklmnopqrstu 303 /helpdesk/first-run/Babcdefghijklmnopqrstu"
    assert redacted(line) == "POST /join/link/… 303 /helpdesk/first-run/…"
