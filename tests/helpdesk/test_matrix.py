"""Every route of the helpdesk, tried by everybody there is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest
from flask import Flask

from tests.helpdesk.conftest import Browser, add_agent, answer, fragment, join, open_case, post, sign_in, token_of
from tests.support.client import PageLintingClient
from webapp.helpdesk import agents
from webapp.infrastructure import db
from webapp.infrastructure.config import Config
from webapp.infrastructure.models import Agent

WHO = ("nobody", "person", "other_person", "agent", "other_agent", "admin", "disabled")

# What each gets, in the order of WHO. "in": sent to sign in. Person's routes are open to all and act on the own case.
IN = "in"
FOR_AGENTS = (IN, IN, IN, 200, 200, 200, IN)
FOR_ADMINS = (IN, IN, IN, 403, 403, 200, IN)
OWN_CASE = (IN, IN, IN, 200, 403, 403, IN)
DONE, OWN_DONE = (IN, IN, IN, 303, 303, 303, IN), (IN, IN, IN, 303, 403, 403, IN)
NO_COURSE = (IN, IN, IN, 404, 404, 404, IN)
EVERYBODY = (200,) * 7
ONWARD = (303,) * 7
EXPECTED: dict[str, tuple[object, ...]] = {
    "GET /helpdesk": FOR_AGENTS,
    "GET /helpdesk/account": FOR_AGENTS,
    "POST /helpdesk/account/factors/remove": (IN, IN, IN, 404, 404, 404, IN),
    "POST /helpdesk/account/passkeys": (IN, IN, IN, 400, 400, 400, IN),
    "POST /helpdesk/account/passkeys/options": FOR_AGENTS,
    "POST /helpdesk/account/password": (IN, IN, IN, 303, 303, 303, IN),
    "GET /helpdesk/account/presence": FOR_AGENTS,
    "POST /helpdesk/account/presence": (IN, IN, IN, 303, 303, 303, IN),
    "POST /helpdesk/account/recovery-codes": FOR_AGENTS,
    "POST /helpdesk/account/sessions/end": DONE,
    "GET /helpdesk/account/totp": DONE,
    "POST /helpdesk/account/totp": DONE,
    "POST /helpdesk/account/totp/begin": DONE,
    "GET /helpdesk/agents": FOR_ADMINS,
    "POST /helpdesk/agents": (IN, IN, IN, 403, 403, 303, IN),
    "GET /helpdesk/agents/<agent_id>/disable": (IN, IN, IN, 403, 403, 303, IN),  # who is asked for is disabled already
    "POST /helpdesk/agents/<agent_id>/<action>": (IN, IN, IN, 403, 403, 303, IN),
    "GET /helpdesk/bulk": FOR_ADMINS,
    "POST /helpdesk/bulk": (IN, IN, IN, 403, 403, 303, IN),
    "GET /helpdesk/bulk/example.csv": FOR_ADMINS,
    "GET /helpdesk/bulk/<job_id>": (IN, IN, IN, 403, 403, 404, IN),
    "POST /helpdesk/bulk/<job_id>/delete": (IN, IN, IN, 403, 403, 404, IN),
    "GET /helpdesk/bulk/<job_id>/files": (IN, IN, IN, 403, 403, 404, IN),
    "GET /helpdesk/bulk/<job_id>/progress": (401, 401, 401, 404, 404, 404, 401),
    "POST /helpdesk/cases": (IN, IN, IN, 303, 303, 303, IN),
    "GET /helpdesk/cases/<reference>": FOR_AGENTS,
    "POST /helpdesk/cases/<reference>/close": (IN, IN, IN, 400, 403, 403, IN),
    "POST /helpdesk/cases/<reference>/details": OWN_DONE,
    "POST /helpdesk/cases/<reference>/hand-over": (IN, IN, IN, 400, 403, 403, IN),
    "POST /helpdesk/cases/<reference>/hint": (IN, IN, IN, 400, 403, 403, IN),
    "POST /helpdesk/cases/<reference>/invitation": OWN_DONE,
    "POST /helpdesk/cases/<reference>/note": (IN, IN, IN, 303, 403, 403, IN),
    "POST /helpdesk/cases/<reference>/settle": OWN_DONE,
    "POST /helpdesk/cases/<reference>/prefill": (IN, IN, IN, 303, 403, 403, IN),
    "GET /helpdesk/cases/<reference>/progress": (401, 401, 401, 200, 403, 403, 401),
    "GET /helpdesk/cases/<reference>/report": OWN_CASE,
    "POST /helpdesk/cases/<reference>/watcher": OWN_DONE,
    "GET /helpdesk/cases/new": FOR_AGENTS,
    "POST /helpdesk/code": (IN, IN, IN, 303, 303, 303, IN),
    "GET /helpdesk/courses": FOR_AGENTS,
    "POST /helpdesk/courses": (IN, IN, IN, 303, 303, 303, IN),
    "GET /helpdesk/courses/<reference>": NO_COURSE,
    "GET /helpdesk/courses/<reference>/sheet": NO_COURSE,
    "POST /helpdesk/courses/<reference>/<action>": NO_COURSE,
    "POST /helpdesk/courses/<reference>/take": NO_COURSE,
    "GET /helpdesk/first-run/<token>": (410,) * 7,
    "POST /helpdesk/first-run/<token>": (410,) * 7,
    "GET /helpdesk/log": FOR_ADMINS,
    "POST /helpdesk/oidc": (404,) * 7,
    "GET /helpdesk/oidc/return": (404,) * 7,
    "GET /helpdesk/queue": (401, 401, 401, 200, 200, 200, 401),
    "POST /helpdesk/queue/<reference>": DONE,
    "GET /helpdesk/reports": FOR_ADMINS,
    "POST /helpdesk/reports/<delivery_id>/again": (IN, IN, IN, 403, 403, 404, IN),
    "GET /helpdesk/second-factor": (IN, IN, IN, 303, 303, 303, IN),
    "POST /helpdesk/second-factor": (IN,) * 7,
    "POST /helpdesk/second-factor/options": (403, 403, 403, 200, 200, 200, 403),
    "GET /helpdesk/sign-in": (200, 200, 200, 303, 303, 303, 200),
    "POST /helpdesk/sign-in": (IN,) * 7,
    "GET /helpdesk/messages": FOR_AGENTS,
    "POST /helpdesk/messages": FOR_AGENTS,
    "GET /helpdesk/statistics": FOR_AGENTS,
    "GET /helpdesk/statistics.csv": FOR_AGENTS,
    # The person's pages: a person acts on their own case only, whoever asks without one changes nothing.
    "GET /join": (200, 303, 303, 200, 200, 200, 200),
    "POST /join": ONWARD,
    "POST /join/address": ONWARD,
    "POST /join/asked": ONWARD,
    "GET /join/banner": EVERYBODY,
    "GET /join/call": (200, 303, 303, 200, 200, 200, 200),
    "POST /join/call": ONWARD,
    "GET /join/colleague": ONWARD,
    "POST /join/colleague": ONWARD,
    "GET /join/confirm": ONWARD,
    "POST /join/confirm": ONWARD,
    "POST /join/confirm/start-over": ONWARD,
    "GET /join/deleted": EVERYBODY,
    "GET /join/ended": EVERYBODY,
    "GET /join/link/<token>": (410,) * 7,
    "POST /join/link/<token>": (410,) * 7,
    "GET /join/stored": EVERYBODY,
    "GET /join/summary": ONWARD,
    "GET /join/wait": ONWARD,
    # Last: these end cases and sessions.
    "POST /helpdesk/cases/<reference>/take": (IN, IN, IN, 303, 303, 303, IN),
    "POST /join/help": ONWARD,
    "POST /join/end": ONWARD,
    "POST /join/delete": ONWARD,
    "POST /helpdesk/sign-out": (IN,) * 7,
}


@dataclass
class Scene:
    """Everybody, and vera's case with the person in it."""

    reference: str
    olga_takes: str
    clients: dict[str, PageLintingClient] = field(default_factory=dict)


@pytest.fixture
def scene(config: Config, helpdesk: Flask, new_browser: Browser) -> Scene:
    add_agent(config, "dora@example.org", "Dora")
    clients = {who: new_browser() for who in WHO}
    for who, login in (("agent", "vera"), ("other_agent", "viktor"), ("admin", "olga"), ("disabled", "dora")):
        assert sign_in(clients[who], f"{login}@example.org").status_code == 303
    agents.disable(config, "dora@example.org")
    reference, code, _ = open_case(clients["agent"])
    join(clients["person"], code)
    answer(clients["person"], "address", email_address="zora.quast@gmx.de")
    _, code, _ = open_case(clients["other_agent"])
    join(clients["other_person"], code)
    with db.read(config) as session:
        victim = session.query(Agent).filter_by(login="dora@example.org").one().id
    return Scene(reference, str(victim), clients)


def test_the_matrix_names_every_route(app: Flask) -> None:
    there = {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("helpdesk.")
        for method in rule.methods - {"HEAD", "OPTIONS"}  # type: ignore[operator]
    }
    assert there == EXPECTED.keys()


def test_every_route_answers_each_as_it_should(scene: Scene) -> None:
    wrong = []
    for route, expected in EXPECTED.items():
        method, rule = route.split(" ")
        path = rule.replace("<reference>", scene.reference).replace("<agent_id>", scene.olga_takes)
        path = re.sub(r"<\w+>", lambda found: "enable" if found[0] == "<action>" else "A" * 22, path)
        for who, wanted in zip(WHO, expected, strict=True):
            client = scene.clients[who]
            data = {"csrf_token": token_of(client, "/")}
            got = fragment(client, path, method=method, data=data if method == "POST" else None)
            seen: object = got.status_code
            if got.status_code == 303 and got.headers["Location"] == "/helpdesk/sign-in":
                seen = IN
            if seen != wanted:
                wrong.append(f"{route} by {who}: {seen}, not {wanted}")
            if who not in ("agent", "person") and "z…t@gmx.de" in got.text and "/join/" not in route:
                wrong.append(f"{route} shows {who} the case")
    assert not wrong, "\n".join(wrong)


def test_no_route_changes_anything_without_a_token_or_from_elsewhere(scene: Scene) -> None:
    for route in EXPECTED:
        method, rule = route.split(" ")
        if method != "POST":
            continue
        path = rule.replace("<reference>", scene.reference).replace("<agent_id>", "1")
        path = re.sub(r"<\w+>", "A" * 22, path)
        for who in ("person", "agent", "admin"):
            assert fragment(scene.clients[who], path, method="POST").status_code == 400, route
            foreign = fragment(
                scene.clients[who], path, method="POST", headers={"Sec-Fetch-Site": "cross-site"},
                data={"csrf_token": token_of(scene.clients[who], "/")},
            )  # fmt: skip
            assert foreign.status_code == 403, route


def test_two_persons_never_meet(scene: Scene) -> None:
    """The other person's requests touch the other person's case alone."""
    other = scene.clients["other_person"]
    assert "z…t@gmx.de" not in other.get("/join/stored").text
    post(other, "/join/delete", page="/join/stored")
    assert "z…t@gmx.de" in scene.clients["person"].get("/join/stored").text
    assert "z…t@gmx.de" in scene.clients["agent"].get(f"/helpdesk/cases/{scene.reference}").text
