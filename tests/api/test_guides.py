"""Guides for programs: the pinned shape, and the choices it follows."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from flask.testing import FlaskClient

from webapp.core.guides import SOURCES

API = "/api/v1/guides"


def steps(client: FlaskClient, path: str, **query: str) -> list[dict[str, Any]]:
    answer = client.get(f"{API}/{path}", query_string=query)
    assert answer.status_code == 200, answer.text
    shape = answer.get_json()
    assert set(shape) == {"client", "system", "steps"}
    return list(shape["steps"])


def values(found: list[dict[str, Any]]) -> Counter[str]:
    return Counter(value["value"] for step in found for value in step["values"])


@pytest.mark.parametrize("client_id", SOURCES)
def test_every_client_answers_in_one_shape(client: FlaskClient, client_id: str) -> None:
    for step in steps(client, client_id, address="anna@gmx.de", locale="en"):
        assert set(step) == {"id", "text", "way", "picture", "values", "note", "say"}
        assert step["text"]
        assert step["say"]
        if step["picture"] is not None:
            assert set(step["picture"]) == {"kind", "alt", "url", "svg"}
            assert step["picture"]["alt"]
            assert (step["picture"]["svg"] is None) is (step["picture"]["kind"] == "screenshot")


def test_values_are_those_of_the_address_and_its_choices(client: FlaskClient) -> None:
    found = steps(client, "outlook", address="Anna@gmx.de", smtp_port="587", name="Anna Beispiel", locale="de")
    assert {"anna@gmx.de", "pop.gmx.net", "995", "587", "STARTTLS", "Anna Beispiel"} <= set(values(found))
    assert "465" not in values(found)


def test_without_an_address_no_user_is_named(client: FlaskClient) -> None:
    found = values(steps(client, "outlook", locale="en"))
    assert "your whole address, with the @" in found
    assert "pop.gmx.net" in found
    assert "pop.gmx.com" in values(steps(client, "outlook", provider="gmx.com", locale="en"))


def test_the_way_and_what_stays_decide_the_steps(client: FlaskClient) -> None:
    by_file = [step["id"] for step in steps(client, "outlook", address="anna@gmx.de", way="file")]
    by_hand = [step["id"] for step in steps(client, "outlook", address="anna@gmx.de")]
    assert by_file[0] == "file"
    assert by_hand[0] == "close"
    kept = {step["id"] for step in steps(client, "apple-mail", address="anna@gmx.de", system="iphone")}
    aged = {step["id"] for step in steps(client, "apple-mail", address="anna@gmx.de", system="iphone", keep="7")}
    assert aged - kept == {"keep"}


def test_imap_is_a_guide_of_its_own(client: FlaskClient) -> None:
    found = values(steps(client, "outlook", address="anna@gmx.de", protocol="imap", locale="de"))
    assert {"imap.gmx.net", "993", "anna@gmx.de"} <= set(found)
    assert "pop.gmx.net" not in found
    assert steps(client, "outlook", protocol="pop3") == steps(client, "outlook")


@pytest.mark.parametrize("client_id", [name for name, source in SOURCES.items() if source.imap is None])
def test_imap_where_there_is_no_guide_by_it_is_not_found(client: FlaskClient, client_id: str) -> None:
    answer = client.get(f"{API}/{client_id}", query_string={"protocol": "imap"})
    assert answer.status_code == 404
    assert "IMAP" in answer.get_json()["detail"]


def test_an_unknown_client_is_not_found(client: FlaskClient) -> None:
    assert client.get(f"{API}/netscape").status_code == 404
    assert client.get(f"{API}/outlook", query_string={"system": "amiga"}).status_code == 422
