"""A form that was sent with a mistake leads to its page, which tells it once; a password is never kept for that."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from wtforms import StringField

from tests.support.client import PageLintingClient
from tests.web.wizard.test_adjusting import fill_up
from tests.web.wizard.walk import PLAIN, walk
from webapp.infrastructure import mistakes
from webapp.infrastructure.codes import CodeForm
from webapp.infrastructure.security import ForgottenPasswordField

COMPUTER, REPORTS = "/computer?lang=de", "/reports?lang=de"
CANARY = "CANARY4711"


class LoginForm(CodeForm):
    password = ForgottenPasswordField()
    name = StringField()


def test_a_mistake_is_told_once_on_the_page_of_its_form(client: PageLintingClient) -> None:
    answer = client.submit(client.get(COMPUTER), {"code": "123"}, form="Öffnen")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/computer")
    told = client.get("/computer")
    assert told.status_code == 422
    assert "Der Code hat neun Ziffern" in told.text
    assert 'value="123"' in told.text
    again = client.get("/computer")
    assert again.status_code == 200
    assert "Der Code hat neun Ziffern" not in again.text
    assert 'value="123"' not in again.text


def test_a_mistake_is_told_in_the_language_of_the_page(client: PageLintingClient) -> None:
    client.submit(client.get(COMPUTER), {"code": "123"}, form="Öffnen")
    told = client.get("/computer?lang=en")
    assert told.status_code == 422
    assert "The code has nine digits" in told.text
    assert "Der Code hat" not in told.text


def test_the_token_of_the_form_does_not_wait_for_it_lies_in_the_cookie_already(client: PageLintingClient) -> None:
    client.submit(client.get(COMPUTER), {"code": "123"}, form="Öffnen")
    with client.session_transaction() as session:
        assert session[mistakes.KEY]["fields"] == {"code": "123"}
        assert session[mistakes.KEY]["emptied"] == []


def test_who_asks_for_no_text_uses_no_mistake_up(client: PageLintingClient) -> None:
    client.submit(client.get(COMPUTER), {"code": "123"}, form="Öffnen")
    assert FlaskClient.open(client, "/computer", method="HEAD").status_code == 422
    assert client.get("/computer").status_code == 422


def test_a_mistake_is_told_below_a_prefix(app: Flask) -> None:
    with app.test_request_context("/reports", method="POST", base_url="http://localhost/pop") as context:
        form = CodeForm(meta={"csrf": False})
        form.code.errors = ["no"]
        mistakes.refuse(form, "/pop/reports", lambda: "")
        kept = dict(context.session)
    with app.test_request_context("/reports", base_url="http://localhost/pop") as context:
        context.session.update(kept)
        assert mistakes.form_of(CodeForm).code.errors == ["no"]


def test_a_mistake_waits_for_its_own_page(client: PageLintingClient) -> None:
    client.submit(client.get(COMPUTER), {"code": "123"}, form="Öffnen")
    assert client.get("/reports").status_code == 200
    assert client.get("/computer").status_code == 422


def test_the_newest_mistake_counts(client: PageLintingClient) -> None:
    client.submit(client.get(COMPUTER), {"code": "123"}, form="Öffnen")
    client.submit(client.get(REPORTS), {"report": "keiner"})
    assert client.get("/reports").status_code == 422
    assert client.get("/computer").status_code == 200


def test_what_fits_into_no_cookie_is_told_at_once(app: Flask, client: PageLintingClient) -> None:
    page = client.get(COMPUTER)
    fill_up(app, client)
    answer = client.submit(page, {"code": "123"}, form="Öffnen")
    assert answer.status_code == 422
    assert 'value="123"' in answer.text


def test_a_text_that_is_not_kept_leaves_its_field_empty_and_the_page_says_so(client: PageLintingClient) -> None:
    told = client.told(client.submit(client.get(REPORTS), {"report": "Das ist keiner. " * 400}))
    assert told.status_code == 422
    assert "Das Feld ist wieder leer, denn wir bewahren keinen Bericht auf" in told.text
    assert "Das ist keiner. " * 2 not in told.text


def test_a_mistake_that_no_page_has_told_takes_no_room_from_what_comes_after(client: PageLintingClient) -> None:
    with client.session_transaction() as session:
        session[mistakes.KEY] = {"place": "/elsewhere", "fields": {"text": "x" * 2000}}
        session["pad"] = "x" * 500
    walk(client, ("address", {"email_address": f"{'a' * 60}@gmx.de"}), *PLAIN[1:])
    assert client.get("/guide/inbox?way=hand").status_code == 200
    with client.session_transaction() as session:
        assert mistakes.KEY not in session


@pytest.mark.parametrize("code", ["", "123"])
def test_a_password_never_waits(app: Flask, code: str) -> None:
    sent = {"password": CANARY, "name": "Anna", "code": code}
    with app.test_request_context("/somewhere", method="POST", data=sent) as context:
        form = LoginForm(meta={"csrf": False})
        form.password.errors = ["no"]
        assert mistakes.refuse(form, "/somewhere?x=1", lambda: "").status_code == 303  # type: ignore[union-attr]
        assert CANARY not in repr(dict(context.session))
        kept = dict(context.session)
    with app.test_request_context("/somewhere") as context:
        context.session.update(kept)
        told = mistakes.form_of(LoginForm)
        assert (told.name.data, told.code.data, told.password.data) == ("Anna", code or None, None)
        assert told.password.errors == ["no"]
        assert told.password.emptied  # type: ignore[attr-defined]
        assert mistakes.status(told) == 422
        assert not mistakes.form_of(LoginForm).errors
