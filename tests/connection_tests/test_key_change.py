"""The secret key is changed in one process after the other, with a real Redis between them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from tests.connection_tests.conftest import CHECK, LOGIN, USER, MakeSite, Site
from tests.support.client import PageLintingClient
from webapp import create_app
from webapp.connection_tests import jobs
from webapp.connection_tests.redis_engine import Worker
from webapp.core.probe.report import RunState

NEW = "another key of the same site, for tests"


@pytest.fixture
def kind() -> str:
    return "redis"


@contextlib.contextmanager
def restarted(site: Site, *keys: str) -> Iterator[Site]:
    """The web process with other keys, the present one first; the same browser comes back to it."""
    config = replace(site.config, secret_key=keys[0], secret_key_fallbacks=keys[1:])
    app = create_app(config)
    app.testing = True
    app.test_client_class = PageLintingClient
    jobs.start(app)
    client = app.test_client()
    assert isinstance(client, PageLintingClient)
    if cookie := site.client.get_cookie("session"):
        client.set_cookie("session", cookie.value)
    try:
        yield replace(site, app=app, client=client, config=config)
    finally:
        jobs.shutdown(app)


@contextlib.contextmanager
def working(site: Site, *keys: str) -> Iterator[None]:
    config = replace(site.config, secret_key=keys[0], secret_key_fallbacks=keys[1:])
    worker = Worker(create_app(config), config)
    worker.start()
    try:
        yield
    finally:
        worker.shutdown()


def seal_session_anew(site: Site) -> None:
    """Change something in the session, so that its cookie is written with the present key."""
    with site.client.session_transaction() as session:
        session["locale"] = "de"


def test_web_and_worker_work_together_whichever_is_restarted_first(make_site: MakeSite) -> None:
    with make_site(work=False) as site:
        old = site.config.secret_key
        with working(site, old), restarted(site, NEW, old) as changed:
            assert changed.run(changed.log_in()).state is RunState.PASSED
            assert changed.run(changed.check()).state is RunState.PASSED
        with working(site, NEW, old):
            assert site.run(site.log_in()).state is RunState.PASSED
        assert site.attempts[0] == 2  # logins: one for each click


def test_a_form_and_a_result_survive_the_change(make_site: MakeSite) -> None:
    with make_site() as site:
        page = site.client.get("/connection-tests")
        run = site.run(site.client.submit(page, {"password": "wrong"}, form=LOGIN))
        form = site.client.get("/connection-tests")
        with restarted(site, NEW, site.config.secret_key) as changed:
            assert changed.client.get(f"/connection-tests/{run.id}").status_code == 200
            assert changed.run(changed.client.submit(form, form=CHECK)).state is RunState.PASSED


def test_the_id_of_a_test_by_api_is_good_under_the_new_key_while_the_old_one_is_known(make_site: MakeSite) -> None:
    with make_site() as site:
        begun = site.app.test_client(use_cookies=False).post("/api/v1/connection-tests", json={"address": USER})
        assert begun.status_code == 202, begun.text
        for keys, expected in (((NEW, site.config.secret_key), 200), ((NEW,), 404)):
            with restarted(site, *keys) as changed:
                answer = changed.app.test_client(use_cookies=False).get(begun.headers["Location"])
                assert answer.status_code == expected


def test_a_run_under_a_key_that_is_gone_is_unknown(make_site: MakeSite) -> None:
    with make_site() as site:
        run, shared = site.run(site.log_in()), site.run(site.check())
        with restarted(site, NEW, site.config.secret_key) as changed:
            seal_session_anew(changed)
            with restarted(changed, NEW) as alone:
                for made in (run, shared):
                    assert alone.client.get(f"/connection-tests/{made.id}").status_code == 410
                    fragment = FlaskClient.open(alone.client, f"/connection-tests/{made.id}/progress")
                    assert fragment.status_code == 410
                    assert alone.client.get(f"/connection-tests/{made.id}/report.json").status_code == 404
                assert alone.check().status_code == 503  # the worker has the old key: nobody works here
                assert site.worker is not None
                site.worker.shutdown()
                with working(alone, NEW):
                    assert alone.run(alone.check()).state is RunState.PASSED  # joins no run that it cannot read


def test_deleting_now_deletes_what_this_process_cannot_read(make_site: MakeSite) -> None:
    with make_site() as site:
        run = site.run(site.log_in())
        with restarted(site, NEW, site.config.secret_key) as changed:
            seal_session_anew(changed)
            with restarted(changed, NEW) as alone:
                page = alone.client.get("/privacy")
                assert alone.client.submit(page, form="Jetzt löschen").status_code == 303
        assert site.engine.runs.get(run.id) is None
