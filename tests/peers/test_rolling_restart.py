"""Two web processes behind the documented nginx, each started anew while people fill in forms: nobody notices."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests

from tests.conftest import SECRET_KEY
from tests.support.nginx import DocumentedSite, documented_site
from tests.support.ports import free_port
from tests.support.requirements import need_commands
from tests.support.serving import serving
from tests.support.waiting import wait_until

pytestmark = pytest.mark.peers


class People:
    """Who fill in the first form again and again, each from an address of their own."""

    def __init__(self, site: DocumentedSite) -> None:
        self.answered = 0
        self.failures: list[str] = []
        self._url, self._authority = f"https://localhost:{site.https}/setup/address", str(site.authority)
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._fill_in, args=(number,)) for number in range(6)]

    @contextmanager
    def busy(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            for thread in self._threads:
                thread.join()

    def _fill_in(self, number: int) -> None:
        count = 0
        while not self._stopped.is_set():
            count += 1
            with requests.Session() as browser:
                browser.trust_env, browser.verify = False, self._authority
                browser.headers.update({"Host": "pop.example.org", "X-Visitor": f"192.0.{number}.{count % 250}"})
                try:
                    page = browser.get(self._url, timeout=30)
                    token = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0]
                    form = {"csrf_token": token, "email_address": "anna@gmx.de"}
                    sent = browser.post(
                        self._url, data=form, headers={"Cookie": page.headers["Set-Cookie"].partition(";")[0]},
                        allow_redirects=False, timeout=30,
                    )  # fmt: skip
                    if (page.status_code, sent.status_code) != (200, 303):
                        self.failures.append(f"{page.status_code} {sent.status_code}")
                except (requests.RequestException, LookupError) as error:
                    self.failures.append(repr(error))
                self.answered += 1


def test_processes_that_are_started_anew_one_after_the_other_lose_nothing(
    tmp_path: Path, postgres_url: str, redis_url: str
) -> None:
    need_commands("nginx")
    ports = (free_port(), free_port())
    settings = {
        "WEBAPP_DATABASE_URL": postgres_url, "WEBAPP_REDIS_URL": redis_url, "WEBAPP_SECRET_KEY": SECRET_KEY,
        "WEBAPP_PUBLIC_URL": "https://pop.example.org", "WEBAPP_TRUSTED_PROXIES": "1",
    }  # fmt: skip
    with ExitStack() as stack:
        running = [stack.enter_context(serving(tmp_path / "data", port=port, **settings)) for port in ports]
        people = People(stack.enter_context(documented_site(*ports)))
        with people.busy():
            wait_until(lambda: people.answered > 20)
            for number, port in enumerate(ports):
                before = people.answered
                assert running[number].stop() == 0
                running[number] = stack.enter_context(serving(tmp_path / "data", port=port, **settings))
                wait_until(lambda before=before: people.answered > before + 30)  # type: ignore[misc]
                time.sleep(0.5)
        assert people.failures == []
        assert people.answered > 80
