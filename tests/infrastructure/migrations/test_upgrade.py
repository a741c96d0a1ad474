"""A database of the last version is upgraded: whoever and whatever was in it goes on as before.

The SQL text was made by the last version itself. Its times are moved to now; on PostgreSQL its rows are put into the
schema that the migrations of that version make.
"""

from __future__ import annotations

import json
import re
import sqlite3
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
import requests
import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask

from tests.conftest import SECRET_KEY
from tests.helpdesk.conftest import post, sign_in
from tests.support.authenticator import assertion
from tests.support.client import PageLintingClient
from tests.support.receiver import Receiver, receiver
from tests.support.serving import serving
from webapp import create_app
from webapp.helpdesk import recipients
from webapp.infrastructure import background, db, outbox
from webapp.infrastructure.config import Config
from webapp.infrastructure.limits import Limits
from webapp.web.health import samples
from webapp.web.wizard.mx import RESOLVER_KEY

TEXT = (Path(__file__).parent / "schema-0007.sql").read_text(encoding="utf-8")
SCHEMA = "0007"
MADE_AT = datetime(2026, 11, 25, 12, 0, 10)  # noqa: DTZ001  as SQLite keeps times: UTC, and says nothing of it
TIME = re.compile(r"'(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6})'")

# What people of the last version have in their hands
TOTP = pyotp.TOTP("EPRMSSC4MXZZ5UDWODLUNXRMCX4IJEW5")
RECOVERY_CODES = ("3knzg-54d2c", "ahvyw-f39gt")
PASSKEY, SIGNATURES = ec.derive_private_key(4711, ec.SECP256R1()), 7
AGENT_COOKIE = "s0-yQEOyQpSnXO-MKSdodrXO5PJuAkQgwwA7Ilt2GbQ"
FIRST_RUN = "FUpVSZqriYdmZK-3i0E8UQ"
JOINED, PERSON = "26CSBXS8", "xnlLaAjqOs7jotvSzqdTGw"
INVITED_CODE = "709 182 824"
WAITING_CODE = "409 574 428"
DEAD, PENDING = "VMV4583D", "RNBN0D3R"  # cases whose reports are dead and under way
LINK = "SDLpl37CkhPnAkOZlfF97A"
API_KEY = "gmxpop_okgAhXXeCNy0gQ-dD5nFJNL-Ol2mGkcag-YJzj-HK8g"
BULK_JOB = "sdtvAg6fARMLY_PS2u55eQ"
GUESSER = "203.0.113.9"  # the network that has tried five wrong codes


def text_of_now() -> str:
    later = datetime.now(UTC).replace(tzinfo=None) - MADE_AT
    return TIME.sub(lambda match: f"'{datetime.fromisoformat(match[1]) + later:%Y-%m-%d %H:%M:%S.%f}'", TEXT)


def fill_sqlite(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(text_of_now())


def fill_postgres(config: Config, old: Path) -> None:
    """Put the rows of the SQLite file `old` into an empty PostgreSQL, table by table."""
    with db.engine(config).connect() as connection:
        alembic = AlembicConfig()
        alembic.set_main_option("script_location", str(Path(db.__file__).parent / "migrations"))
        alembic.set_main_option("path_separator", "os")
        alembic.attributes["connection"] = connection
        command.upgrade(alembic, SCHEMA)
        connection.commit()
        metadata = sa.MetaData()
        metadata.reflect(connection)
        with closing(sqlite3.connect(old)) as source:
            source.row_factory = sqlite3.Row
            for table in metadata.sorted_tables:
                rows = [in_types(table, row) for row in source.execute(f"SELECT * FROM {table.name}")]  # noqa: S608
                if rows and table.name != "alembic_version":
                    connection.execute(table.insert(), rows)
                if "id" in table.c and isinstance(table.c.id.type, sa.Integer):
                    highest = sa.select(sa.func.setval(f"{table.name}_id_seq", max([1, *(row["id"] for row in rows)])))
                    connection.execute(highest)
        connection.commit()


def in_types(table: sa.Table, row: sqlite3.Row) -> dict[str, Any]:
    """Return a row of SQLite, which keeps times and JSON as text, in the types of the columns of `table`."""
    read = (
        (sa.DateTime, datetime.fromisoformat),
        (sa.Date, date.fromisoformat),
        (sa.Boolean, bool),
        (sa.JSON, json.loads),
    )

    def in_type(column: sa.Column[Any]) -> Any:
        value = row[column.name]
        makes = (make for kind, make in read if isinstance(column.type, kind))
        return value if value is None else next(makes, lambda same: same)(value)

    return {column.name: in_type(column) for column in table.columns}


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture(params=["sqlite", "postgres"])
def upgraded(request: pytest.FixtureRequest, tmp_path: Path, hook: Receiver) -> Iterator[Config]:
    """The settings of a site whose database came from the last version and was upgraded, as `serve` does it."""
    made = Config(
        data_dir=tmp_path, secret_key=SECRET_KEY, webhook_url=f"{hook.url}/hook", webhook_secret="s" * 32,
        health_interval=300, helpdesk_second_factor="nobody",
        database_url=request.getfixturevalue("postgres_url") if request.param == "postgres" else None,
    )  # fmt: skip
    fill_sqlite(tmp_path / "wizard.sqlite3")
    if request.param == "postgres":
        fill_postgres(made, tmp_path / "wizard.sqlite3")
    db.upgrade(made)
    yield made
    db.dispose()


@pytest.fixture
def site(upgraded: Config) -> Flask:
    made = create_app(upgraded)
    made.testing = True
    made.extensions[RESOLVER_KEY] = None
    made.test_client_class = PageLintingClient
    return made


def second_factor(site: Flask, **proof: str) -> int:
    browser = site.test_client()
    assert sign_in(browser).headers["Location"] == "/helpdesk/second-factor"
    return int(post(browser, "/helpdesk/second-factor", proof, page="/helpdesk/second-factor").status_code)


def test_agents_get_in_with_every_factor_they_had(site: Flask) -> None:
    assert second_factor(site, code=TOTP.now()) == 303
    for code in RECOVERY_CODES:
        assert second_factor(site, code=code) == 303
    assert second_factor(site, code=RECOVERY_CODES[0]) == 422, "used"
    browser = site.test_client()
    sign_in(browser)
    options = post(browser, "/helpdesk/second-factor/options", page="/helpdesk/second-factor").get_json()
    credential = assertion(options, PASSKEY, "http://localhost", SIGNATURES + 1)
    answer = post(browser, "/helpdesk/second-factor", {"credential": credential}, page="/helpdesk/second-factor")
    assert answer.status_code == 303
    browser = site.test_client()
    assert sign_in(browser, "viktor@example.org").status_code == 422, "waits after wrong passwords"
    assert sign_in(browser, "karl@example.org").status_code == 422, "disabled"
    assert browser.get(f"/helpdesk/first-run/{FIRST_RUN}").status_code == 200


def signed_in(site: Flask) -> PageLintingClient:
    """The browser of Vera, who was signed in before the upgrade."""
    browser = site.test_client()
    browser.set_cookie("helpdesk", AGENT_COOKIE)
    assert isinstance(browser, PageLintingClient)
    return browser


def test_cases_go_on_where_they_were(site: Flask) -> None:
    agent = signed_in(site)
    page = agent.get(f"/helpdesk/cases/{JOINED}").text
    assert "T-1001" in page
    assert "Wartet auf den Code vom Handy." in page
    assert "Thunderbird" in page, "an event of the case"
    person = site.test_client()
    with person.session_transaction() as kept:
        kept["case"] = PERSON
    assert "Vera" in person.get("/join/stored").text
    invited = site.test_client()
    assert post(invited, "/join", {"code": INVITED_CODE}).status_code == 303
    assert "b…a@gmx.de" in invited.get("/join/confirm").text, "what the agent has prepared"
    taken = post(agent, "/helpdesk/code", {"code": WAITING_CODE}, page="/helpdesk")
    assert taken.headers["Location"].startswith("/helpdesk/cases/")


def test_reports_are_still_under_way_or_dead(site: Flask, hook: Receiver) -> None:
    with site.app_context():
        outbox.deliver("webhook", recipients._send_to_webhook, datetime.now(UTC) + timedelta(hours=1))
    assert [got.json["case"]["reference"] for got in hook.requests] == [PENDING]
    olga = site.test_client()
    sign_in(olga, "olga@example.org")
    assert DEAD in olga.get("/helpdesk/reports").text


def test_a_duty_that_was_done_is_not_due(site: Flask) -> None:
    with site.app_context():
        assert not background.take("helpdesk-purge", 3600, "somebody")
        assert background.take("links-purge", 3600, "somebody")


def test_what_was_counted_still_counts(site: Flask, upgraded: Config) -> None:
    guesser = site.test_client()
    guesser.environ_base["REMOTE_ADDR"] = GUESSER
    assert post(guesser, "/join", {"code": INVITED_CODE}).status_code == 429
    limits = Limits(upgraded)
    assert [limits.allowance(f"{name}@gmx.de", "gmx.net").left for name in ("carla", "dora", "emil")] == [0, 1, 3]
    assert limits.paused_until("gmx.net") is not None


def test_links_keys_and_files_still_open(site: Flask) -> None:
    person = site.test_client()
    assert person.get(f"/f/{LINK}").status_code == 200
    assert b"anna@gmx.de" in person.get(f"/f/{LINK}/gmx-pop.k9s").data
    called = site.test_client().get("/api/v1/providers", headers={"Authorization": f"Bearer {API_KEY}"})
    assert called.status_code == 200
    olga = site.test_client()
    sign_in(olga, "olga@example.org")
    assert olga.get(f"/helpdesk/bulk/{BULK_JOB}/files").data.startswith(b"PK")
    with site.app_context():
        pop3, smtp = samples.histories()["gmx.net"]
        assert (pop3.checks_in_month, smtp.checks_in_month, pop3.uptime_month, smtp.uptime_month) == (4, 4, 1, 0.75)


def test_answers_in_a_cookie_of_the_last_version_are_read(site: Flask) -> None:
    answers = {
        "address": {"certainty": "certain", "email_address": "anna@gmx.de", "name": "", "providers": ["gmx.net"]}
    }
    plain = int(time.time() - 3600).to_bytes(8) + json.dumps({"answers": answers}).encode()
    key = HKDF(SHA256(), 32, salt=b"gmx-pop-wizard", info=b"session cookie").derive(SECRET_KEY.encode())
    box = bytes(12) + ChaCha20Poly1305(key).encrypt(bytes(12), plain, b"session")
    person = site.test_client()
    person.set_cookie("session", urlsafe_b64encode(box).decode().rstrip("="))
    assert person.get("/setup/program").status_code == 200, "not led back to the question for the address"


def test_the_server_upgrades_the_database_when_it_starts(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    fill_sqlite(data / "wizard.sqlite3")
    with serving(data, WEBAPP_SECRET_KEY=SECRET_KEY) as served:
        assert requests.get(f"{served.url}/readyz", timeout=60).status_code == 200
        assert requests.get(f"{served.url}/f/{LINK}", timeout=60).status_code == 200
        assert served.stop() == 0
