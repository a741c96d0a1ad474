"""The JSON that calls answer with, as JSON Schema: the document shows it, the tests hold every answer against it."""

from collections.abc import Mapping
from typing import Any

from webapp.core.account import ServerType, SocketType, Username
from webapp.core.clients import CLIENTS
from webapp.core.probe import STAGES, FailureKind, Protocol, RunState, Status, Vantage
from webapp.core.providers import Certainty

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer", "minimum": 0}


def listed(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def one_of(values: Any) -> Schema:
    return {"type": "string", "enum": [str(value) for value in values]}


def members(**properties: Schema) -> Schema:
    """Return an object that has every one of `properties` and nothing else."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def component(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


SERVER = members(
    type=one_of(ServerType),
    hostname=TEXT,
    port={"type": "integer", "minimum": 1, "maximum": 65535},
    socket_type=one_of(SocketType),
)
PROVIDER = members(
    id=TEXT,
    name=TEXT,
    website=TEXT,
    checked={"type": "string", "format": "date"},
    domains=listed(TEXT),
    domains_to_confirm=listed(TEXT),
    username=one_of(Username),
    servers=listed(component("Server")),
)
FINDING = members(
    address=TEXT,
    certainty=one_of(Certainty),
    providers=listed(component("Provider")),
    brand=nullable(TEXT),
    suggestion=nullable(TEXT),
)
CLIENT = members(id=one_of(CLIENTS), name=TEXT, systems=listed(TEXT), formats=listed(TEXT))
DIAGNOSIS = members(
    id=TEXT,
    title=TEXT,
    why=TEXT,
    advice=listed(TEXT),
    say=TEXT,
    ask=TEXT,
    vantages=listed(one_of(Vantage)),
    see=nullable({"type": "string", "format": "uri"}),
)
MESSAGES = members(results=listed(members(message=TEXT, program=TEXT, diagnoses=listed(TEXT))))
FAILURE = members(kind=one_of(FailureKind), response_code=nullable(TEXT), reply=nullable(TEXT))
STAGE = members(
    protocol=one_of(Protocol),
    stage=one_of(dict.fromkeys(stage for stages in STAGES.values() for stage in stages)),
    host=TEXT,
    port={"type": "integer", "minimum": 1, "maximum": 65535},
    status=one_of(Status),
    milliseconds=nullable({"type": "number", "minimum": 0}),
    detail={"type": "object"},
    failure=nullable(component("Failure")),
)
REPORT = members(
    version={"const": 1},
    reference={"type": "string", "pattern": "^[0-9A-HJKMNP-TV-Z]{8}$"},
    address=TEXT,
    provider=TEXT,
    vantage=one_of(Vantage),
    login={"type": "boolean"},
    password_sent={"type": "boolean"},
    started_at={"type": "string", "format": "date-time"},
    state=one_of(RunState),
    passed={"type": "boolean"},
    stages=listed(component("Stage")),
    diagnoses=listed(
        members(id=TEXT, title=TEXT, why=TEXT, advice=listed(TEXT), see=nullable({"type": "string", "format": "uri"}))
    ),
    mailbox=nullable(members(messages=NUMBER, octets=NUMBER)),
)
PICTURE = members(
    kind=one_of(("screenshot", "drawing")),
    alt=TEXT,
    url=nullable({"type": "string", "format": "uri"}),
    svg=nullable(TEXT),
)
GUIDE = members(
    client=TEXT,
    system=nullable(TEXT),
    steps=listed(
        members(
            id=TEXT,
            text=TEXT,
            way=listed(TEXT),
            picture=nullable(PICTURE),
            values=listed(members(label=TEXT, value=TEXT)),
            note=TEXT,
            say=TEXT,
        )
    ),
)
PROBLEM: Schema = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": TEXT,
        "errors": listed(members(name=TEXT, detail=TEXT)),
        "incident": TEXT,
    },
    "required": ["type", "title", "status"],
}

COMPONENTS: Mapping[str, Schema] = {
    "Server": SERVER,
    "Provider": PROVIDER,
    "Finding": FINDING,
    "Client": CLIENT,
    "Diagnosis": DIAGNOSIS,
    "Messages": MESSAGES,
    "Failure": FAILURE,
    "Stage": STAGE,
    "Report": REPORT,
    "Guide": GUIDE,
    "Problem": PROBLEM,
}
