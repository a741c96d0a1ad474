"""Caddy with the block of docs/operation.md, in front of a site, keeps what the page promises."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from tests.support.caddy import documented_caddy
from tests.support.ports import free_port
from tests.support.requirements import need_commands
from tests.support.serving import serving
from webapp.infrastructure.config import TABLE_BYTES_MAX

pytestmark = pytest.mark.peers


def test_hands_on_pages_and_tables_and_logs_nobody(tmp_path: Path) -> None:
    need_commands("caddy", "setpriv")
    port = free_port()
    with documented_caddy(port) as caddy:
        site, session = f"https://localhost:{caddy.https}", requests.Session()
        session.trust_env, session.verify = False, str(caddy.authority)
        settings = {"WEBAPP_PUBLIC_URL": site, "WEBAPP_TRUSTED_PROXIES": "1"}
        with serving(tmp_path / "data", port=port, **settings):
            page = session.get(f"{site}/setup/address?emailaddress=canary@gmx.de", timeout=30)
            assert page.status_code == 200
            assert page.headers["Strict-Transport-Security"]
            assert page.headers["Set-Cookie"].startswith("__Host-session=")
            for octets, status in ((TABLE_BYTES_MAX, {401}), (3 * TABLE_BYTES_MAX, {413, 502})):
                answer = session.post(
                    f"{site}/api/v1/exports", data=b"x" * octets, headers={"Content-Type": "text/csv"}, timeout=30
                )
                assert answer.status_code in status
        assert session.get(f"{site}/f/a-secret-token?q=canary", timeout=30).status_code == 502
        log = caddy.log.read_text()
        assert '"status":502' in log
        for word in (
            "canary",
            "a-secret-token",
            '"remote_ip',
            '"remote_addr',
            '"uri"',
            "client_ip",
            "session=",
        ):
            assert word not in log
