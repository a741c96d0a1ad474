"""Sign-in at an issuer: a small one on loopback that signs real tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import select

from tests.helpdesk.conftest import fill, fragment, post, sign_in
from tests.support.client import PageLintingClient
from tests.support.receiver import Received, Receiver, receiver
from webapp.helpdesk import agents, audit
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Agent


@dataclass
class Issuer:
    """Answers discovery, keys and tokens; `claims` is what it says of whoever comes."""

    server: Receiver
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"}))
    claims: dict[str, Any] = field(default_factory=dict)
    nonce: str = ""
    challenge: str = ""
    signer: RSAKey | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    unsigned: bool = False

    def __call__(self, got: Received) -> tuple[int, Any]:
        url = self.server.url
        if got.path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": url, "authorization_endpoint": f"{url}/authorize", "token_endpoint": f"{url}/token",
                "jwks_uri": f"{url}/keys", "response_types_supported": ["code"],
                "id_token_signing_alg_values_supported": ["RS256"], "subject_types_supported": ["public"],
                **self.metadata,
            }  # fmt: skip
        if got.path == "/keys":
            return 200, {"keys": [self.key.as_dict(private=False)]}
        if got.path == "/token":
            sent = parse_qs(got.body.decode())
            digest = base64.urlsafe_b64encode(hashlib.sha256(sent["code_verifier"][0].encode()).digest()).rstrip(b"=")
            if sent["code"] != ["the-code"] or digest.decode() != self.challenge:
                return 400, {"error": "invalid_grant"}
            now = int(time.time())
            claims = {
                "iss": url, "aud": "wizard", "sub": "subject-1", "iat": now, "exp": now + 300, "nonce": self.nonce,
                "email": "vera@example.org", "email_verified": True, **self.claims,
            }  # fmt: skip
            token = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.signer or self.key)
            if self.unsigned:
                token = f"{_base64({'alg': 'none'})}.{_base64(claims)}."
            return 200, {"access_token": "a", "token_type": "Bearer", "expires_in": 300, "id_token": token}
        return 404, {}


def _base64(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with receiver() as server:
        made = Issuer(server)
        server.answers = made
        yield made


@pytest.fixture
def config(config: Config, issuer: Issuer) -> Config:
    return replace(
        config, oidc_issuer=issuer.server.url, oidc_client_id="wizard", oidc_client_secret="client-secret",
        oidc_name="Firmenkonto",
    )  # fmt: skip


def go(client: PageLintingClient, issuer: Issuer, page: str = "/helpdesk/sign-in") -> str:
    """Press the button; return the path by which the issuer sends the browser back."""
    answer = post(client, "/helpdesk/oidc", page=page)
    assert answer.status_code == 302
    target = urlsplit(answer.headers["Location"])
    query = {name: values[0] for name, values in parse_qs(target.query).items()}
    assert f"{target.scheme}://{target.netloc}" == issuer.server.url
    assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
    issuer.nonce, issuer.challenge = query["nonce"], query["code_challenge"]
    back = urlsplit(query["redirect_uri"])
    assert back.path == "/helpdesk/oidc/return"
    return f"{back.path}?code=the-code&state={query['state']}"


def test_the_sign_in_page_lets_its_form_lead_to_the_issuer_and_no_other_page_does(
    helpdesk: Flask, issuer: Issuer, person: PageLintingClient
) -> None:
    page = person.get("/helpdesk/sign-in")
    assert "Firmenkonto" in page.text
    assert f"form-action 'self' {issuer.server.url};" in page.headers["Content-Security-Policy"]
    assert "form-action 'self';" in person.get("/").headers["Content-Security-Policy"]


def test_the_issuer_lets_an_agent_in_and_links_the_subject(
    helpdesk: Flask, config: Config, issuer: Issuer, person: PageLintingClient
) -> None:
    assert person.get(go(person, issuer)).status_code == 303
    assert person.get("/helpdesk").status_code == 200
    with db.read(config) as session:
        agent = session.scalar(select(Agent).where(Agent.login == "vera@example.org"))
    assert agent is not None
    assert agent.oidc_subject == f"{issuer.server.url} subject-1"


def test_after_that_the_subject_counts_and_not_the_address(helpdesk: Flask, issuer: Issuer, new_browser: Any) -> None:
    assert new_browser().get(go(first := new_browser(), issuer)).status_code == 403  # another browser's state
    assert first.get(go(first, issuer)).status_code == 303
    issuer.claims = {"email": "renamed@example.org"}
    second = new_browser()
    assert second.get(go(second, issuer)).status_code == 303
    issuer.claims = {"sub": "somebody-else"}
    third = new_browser()
    assert third.get(go(third, issuer)).status_code == 403


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "stranger@example.org"},
        {"email_verified": False},
        {"email_verified": "true"},
        {"aud": "another-client"},
        {"exp": 1},
        {"nonce": "another"},
        {"iss": "https://elsewhere.example.org"},
        {"sub": ""},
    ],
)
def test_claims_that_do_not_hold_open_nothing(
    helpdesk: Flask, issuer: Issuer, person: PageLintingClient, claims: dict[str, Any]
) -> None:
    issuer.claims = claims
    assert person.get(go(person, issuer)).status_code == 403
    assert person.get("/helpdesk").headers["Location"] == "/helpdesk/sign-in"


def test_a_token_signed_by_another_key_opens_nothing(
    helpdesk: Flask, issuer: Issuer, person: PageLintingClient
) -> None:
    issuer.signer = RSAKey.generate_key(2048, {"kid": "one"})
    assert person.get(go(person, issuer)).status_code == 403


def test_a_document_that_names_another_issuer_opens_nothing(
    helpdesk: Flask, issuer: Issuer, person: PageLintingClient
) -> None:
    issuer.metadata = {"issuer": "https://elsewhere.example.org"}
    issuer.claims = {"iss": "https://elsewhere.example.org"}
    assert person.get(go(person, issuer)).status_code == 403


def test_a_token_without_a_signature_opens_nothing_whatever_the_document_allows(
    helpdesk: Flask, issuer: Issuer, person: PageLintingClient
) -> None:
    issuer.metadata = {"id_token_signing_alg_values_supported": ["none", "RS256"]}
    issuer.unsigned = True
    assert person.get(go(person, issuer)).status_code == 403
    issuer.unsigned = False
    assert person.get(go(person, issuer)).status_code == 303


def test_an_answer_in_the_name_of_another_issuer_opens_nothing(
    helpdesk: Flask, issuer: Issuer, person: PageLintingClient
) -> None:
    assert person.get(go(person, issuer) + "&iss=https://elsewhere.example.org").status_code == 403
    assert person.get(go(person, issuer) + f"&iss={issuer.server.url}").status_code == 303


def test_sign_ins_that_are_broken_off_do_not_add_up(issuer: Issuer, person: PageLintingClient) -> None:
    sizes = set()
    for _ in range(8):
        assert post(person, "/helpdesk/oidc", page="/helpdesk/sign-in").status_code == 302
        cookie = person.get_cookie("session")
        assert cookie is not None
        sizes.add(len(cookie.value) // 100)
    assert max(sizes) - min(sizes) <= 1


def test_a_sign_in_from_a_full_session_is_refused_and_no_fault(issuer: Issuer, person: PageLintingClient) -> None:
    fill(person)
    assert person.get(go(person, issuer)).status_code == 403
    with person.session_transaction() as session:
        assert "answers" in session


def test_an_answer_is_good_once(helpdesk: Flask, issuer: Issuer, person: PageLintingClient) -> None:
    path = go(person, issuer)
    assert person.get(path).status_code == 303
    post(person, "/helpdesk/sign-out", page="/helpdesk")
    refused = person.get(path)
    assert refused.status_code == 403
    assert 'href="#issuer"' in refused.text
    assert "password-error" not in refused.text, "no password was typed"


def test_whoever_comes_without_the_issuer_fills_no_log_and_locks_nobody_out(
    helpdesk: Flask, config: Config, issuer: Issuer, person: PageLintingClient, new_browser: Any
) -> None:
    """A foreign page lets a browser of the office ask for this address, also one that has just begun a sign-in."""
    begun = new_browser()
    go(begun, issuer)
    for browser in (begun, *(new_browser() for _ in range(40))):
        assert fragment(browser, "/helpdesk/oidc/return?code=made-up&state=made-up").status_code == 403
    with db.read(config) as session:
        assert audit.page(session) == ([], None)
    assert sign_in(new_browser()).status_code == 303
    assert person.get(go(person, issuer)).status_code == 303


def test_refusals_of_begun_sign_ins_count(helpdesk: Flask, config: Config, issuer: Issuer, new_browser: Any) -> None:
    issuer.claims = {"email": "stranger@example.org"}
    for number in range(35):
        browser = new_browser()
        assert browser.get(go(browser, issuer)).status_code == 403, number
    with db.read(config) as session:
        assert len(audit.page(session)[0]) == 30


def test_who_is_let_in_is_not_counted(helpdesk: Flask, issuer: Issuer, new_browser: Any) -> None:
    for _ in range(31):
        browser = new_browser()
        assert browser.get(go(browser, issuer)).status_code == 303


def test_a_disabled_agent_stays_out(helpdesk: Flask, config: Config, issuer: Issuer, person: PageLintingClient) -> None:
    agents.disable(config, "vera@example.org")
    assert person.get(go(person, issuer)).status_code == 403


def test_an_issuer_that_is_down_is_a_page_and_no_trace(
    app: Flask, helpdesk: Flask, config: Config, person: PageLintingClient
) -> None:
    app.extensions["config"] = replace(config, oidc_issuer="http://127.0.0.1:9")
    answer = post(person, "/helpdesk/oidc", page="/helpdesk/sign-in")
    assert answer.status_code == 503
    assert fragment(person, "/helpdesk/oidc/return?error=access_denied").status_code == 403
