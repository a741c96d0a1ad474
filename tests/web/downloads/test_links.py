"""Links to a person's files, as they lie in the database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from webapp.infrastructure import db
from webapp.infrastructure.config import LINK_HOURS, Config
from webapp.infrastructure.models import DownloadLink
from webapp.web.downloads import links

CONTENT = {"email_address": "canary@gmx.de", "name": "Änne Canary", "devices": [{"client": "thunderbird"}]}


@pytest.fixture(autouse=True)
def app_context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def rows() -> list[DownloadLink]:
    with db.read() as session:
        return list(session.scalars(select(DownloadLink)))


def expire(hours_ago: float = 0) -> None:
    with db.begin() as session:
        session.execute(update(DownloadLink).values(expires_at=datetime.now(UTC) - timedelta(hours=hours_ago)))


def test_a_link_gives_back_what_was_kept() -> None:
    token = links.keep(CONTENT)
    assert links.find(token) == CONTENT
    assert links.find(token) == CONTENT
    assert len(token) == 22  # 128 bits in base64


def test_a_link_lives_a_day() -> None:
    links.keep(CONTENT)
    left = rows()[0].expires_at - datetime.now(UTC)
    assert timedelta(hours=LINK_HOURS, minutes=-1) < left <= timedelta(hours=LINK_HOURS)


def test_a_link_made_again_keeps_its_token_and_shows_the_new_content() -> None:
    token = links.keep(CONTENT)
    assert links.keep({"name": "new"}, token) == token
    assert links.find(token) == {"name": "new"}
    assert len(rows()) == 1


def test_a_link_that_is_over_says_so_until_it_is_purged() -> None:
    token = links.keep(CONTENT)
    expire()
    with pytest.raises(links.ExpiredLinkError):
        links.find(token)
    assert links.purge() == 1
    with pytest.raises(LookupError) as error:
        links.find(token)
    assert not isinstance(error.value, links.ExpiredLinkError)
    assert rows() == []


def test_a_new_link_clears_away_what_is_over() -> None:
    links.keep(CONTENT)
    expire()
    token = links.keep(CONTENT)
    assert len(rows()) == 1
    assert links.find(token) == CONTENT


def test_a_removed_link_is_gone() -> None:
    token = links.keep(CONTENT)
    links.remove(token)
    links.remove(token)
    assert rows() == []


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=40))
def test_no_other_token_opens_anything(token: str) -> None:
    with pytest.raises(LookupError):
        links.find(token)


def test_the_database_holds_neither_token_nor_content(config: Config) -> None:
    token = links.keep(CONTENT)
    db.dispose()
    stored = b"".join(path.read_bytes() for path in config.data_dir.iterdir() if path.is_file())
    assert b"canary" not in stored
    assert token.encode() not in stored
    sealed = rows()[0].sealed
    assert b"thunderbird" not in sealed


def test_a_link_of_the_version_before_opens() -> None:
    sealed = "24968475d1b553d95ae06ad7a41e5e8f4e6d21e296e685043d4bf94d064a26559e68d5ccf871"
    assert links._open("A" * 22, bytes.fromhex(sealed)) == {"a": "ä"}


def test_a_row_under_another_hash_does_not_open() -> None:
    """Whoever can write to the database cannot put one person's files under another's link."""
    one, other = links.keep(CONTENT), links.keep({"name": "other"})
    with db.begin() as session:
        found = session.get(DownloadLink, links._hash(other))
        assert found is not None
        sealed = session.get(DownloadLink, links._hash(one))
        assert sealed is not None
        found.sealed = sealed.sealed
    with pytest.raises(LookupError):
        links.find(other)
