"""The OpenAPI document says what the code does: no route, parameter or answer is missing on either side."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.client import PageLintingClient
from tests.support.providers import rewrite_providers
from tests.support.serving import serving
from webapp.api.document import BASE, document
from webapp.api.operations import OPERATIONS
from webapp.api.problems import Kind
from webapp.api.shapes import COMPONENTS
from webapp.core.account import Server, ServerType, SocketType
from webapp.core.text import locales
from webapp.helpdesk import agents
from webapp.infrastructure.config import Config

SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
UNDESCRIBED = {"api.openapi", "api.documentation"}  # the document itself, and the page for people
# Every program's file takes the same fields and goes the same way; Apple Mail, which takes one more, stands for all.
SAME_FIELDS = r"/exports/(?!apple-mail$)"


def described(app: Flask) -> dict[str, dict[str, object]]:
    with app.app_context():
        return dict(document()["paths"])


def test_every_route_is_in_the_document_and_every_path_has_a_route(app: Flask) -> None:
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(f"{BASE}/") and rule.endpoint not in UNDESCRIBED
        for method in (rule.methods or set()) - {"HEAD"}
    }
    assert routes == {(path, method) for path, methods in described(app).items() for method in methods}


def test_every_field_that_is_checked_is_in_the_document(app: Flask) -> None:
    paths = described(app)
    for operation in OPERATIONS:
        call = paths[BASE + operation.rule][operation.method.lower()]
        assert isinstance(call, dict)
        parameters = {(field["in"], field["name"], field["required"]) for field in call["parameters"]}
        assert parameters == {
            *(("path", field.name, True) for field in operation.path),
            *(("query", field.name, field.required) for field in operation.query),
        }
        names = set(re.findall(r"{(\w+)}", operation.rule))
        assert names == {field.name for field in operation.path}
        if operation.body:
            body = call["requestBody"]["content"]["application/json"]["schema"]
            assert list(body["properties"]) == [field.name for field in operation.body]


def test_the_document_is_served_and_its_schemas_are_schemas(client: FlaskClient) -> None:
    served = client.get(f"{BASE}/openapi.json").json
    assert served["openapi"] == "3.1.0"
    for schema in served["components"]["schemas"].values():
        assert jsonschema_rs.meta.is_valid({**schema, "$schema": "https://json-schema.org/draft/2020-12/schema"})
    references = set(re.findall(r"#/components/(\w+/\w+)", str(served)))
    assert {tuple(reference.split("/")) for reference in references} <= {
        *(("schemas", name) for name in COMPONENTS),
        *(("responses", name) for name in served["components"]["responses"]),
    }
    names = [operation.name for operation in OPERATIONS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("locale", locales())
def test_the_page_shows_every_call_and_every_problem(app: Flask, locale: str) -> None:
    app.test_client_class = PageLintingClient
    page = app.test_client().get(f"{BASE}/?lang={locale}").text
    for operation in OPERATIONS:
        assert f'id="{operation.name}"' in page
    for kind in Kind:  # where the type of a problem document leads
        assert f'id="{kind.slug}"' in page


@pytest.mark.timeout(600)
def test_schemathesis_finds_nothing_against_the_running_server(tmp_path: Path) -> None:
    """Whatever the document allows is answered as it says, and whatever it forbids is refused; nothing breaks."""
    nowhere = [
        Server(ServerType.POP3, "localhost", 1, SocketType.SSL),
        Server(ServerType.SMTP, "localhost", 1, SocketType.SSL),
        Server(ServerType.SMTP, "localhost", 2, SocketType.STARTTLS),
    ]
    rewrite_providers(tmp_path / "providers", nowhere)
    settings = {"WEBAPP_API_REQUESTS_PER_MINUTE": "1000000", "WEBAPP_PROVIDERS_DIR": str(tmp_path / "providers")}
    with serving(tmp_path / "data", **settings) as served:
        result = subprocess.run(
            [
                SCHEMATHESIS, "--config-file", CONFIGURATION, "run", f"{served.url}{BASE}/openapi.json",
                "--phases", "coverage,fuzzing", "--max-examples", "5", "--seed", "1", "--workers", "1",  # threads break its ast in 3.11
                "--exclude-path-regex", SAME_FIELDS, "--suppress-health-check", "all", "--generation-database", "none",
                "--no-color",
            ],
            cwd=tmp_path, capture_output=True, text=True,
        )  # fmt: skip
    assert result.returncode == 0, result.stdout
    assert re.search(r"\d{3,} generated", result.stdout), result.stdout


def test_the_page_for_people_keeps_their_language_and_its_forms_work(app: Flask, config: Config) -> None:
    agents.add(config, "vera@example.org", "Vera", "agent")  # now pages offer help
    client = PageLintingClient(app, app.response_class)
    page = client.get(f"{BASE}/")
    assert client.submit(page, form="Hilfe holen").location == "/join/wait"
    client.get("/?lang=en")
    page = client.get(f"{BASE}/", headers={"Accept-Language": "de"})
    assert '<html lang="en"' in page.text
    assert "Show my code" in page.text
    assert client.get(f"{BASE}/clients", headers={"Accept-Language": "de"}).headers["Content-Language"] == "de"
