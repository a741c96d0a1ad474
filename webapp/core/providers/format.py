"""The format of provider files, as data: every key with its kind, meaning, example and default.

`read` checks a parsed file against it and collects every problem; `schema` and docs/providers.md are made from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from webapp.core.account import ServerType, SocketType, Username
from webapp.core.providers.kinds import (
    Day,
    Key,
    Languages,
    ListOf,
    Number,
    OneOf,
    Place,
    Switch,
    Table,
    Tables,
    Text,
    TextsByName,
)  # fmt: skip
from webapp.core.providers.types import LOCKS, PARTS, SENTENCES
from webapp.core.text import N_

HELP_TOPICS = (
    "overview", "activation", "pop3-server-data", "imap-server-data", "outlook", "two-factor", "app-password",
    "locked", "unknown-device", "password-change", "inactive", "spam", "look-alikes", "aliases", "error-codes",
)  # fmt: skip

_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
HOSTNAME = Text(
    re.compile(rf"(?=.{{1,253}}$)(?:{_LABEL}\.)*{_LABEL}"), N_("must be a host name in lower case: %(example)s"),
    "pop.example.org",
)  # fmt: skip
DOMAIN = Text(
    re.compile(rf"(?=.{{1,253}}$)(?:{_LABEL}\.)+{_LABEL}"), N_("must be a domain in lower case, such as %(example)s"),
    "example.org",
)  # fmt: skip
SUFFIX = Text(re.compile(rf"(?:\.{_LABEL})+"), N_("must begin with a dot, such as %(example)s"), ".example")
LINK = Text(
    re.compile(r"https://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?(?:/[!-~]*)?"),
    N_("must be a whole web address, such as %(example)s"), "https://help.example.org/",
)  # fmt: skip
LINE = Text()

SERVER = (
    Key("type", OneOf(tuple(ServerType)), "What the server speaks. pop3 and smtp are needed once each; imap helps "
        "programs without POP3.", '"pop3"'),
    Key("hostname", HOSTNAME, "Its name, as the certificate has it.", '"pop.nordlicht.example"'),
    Key("port", Number(1, 65535), "Its TCP port. Any one is enough; the first of a type is the preferred one.",
        "995"),
    Key("socket_type", OneOf(tuple(SocketType)), "SSL: encrypted from the first byte. STARTTLS: encrypted after a "
        "command.", '"SSL"'),
)  # fmt: skip

DRAWING = (
    Key("step", Number(1, 20), "The step that the drawing belongs to, counted from 1. The part to press must stand "
        "in the step's words.", "3"),
    Key("title", LINE, "What stands at the top of the page or window.", '"POP3/IMAP"', ""),
    Key("parts", Tables((
        Key("kind", OneOf(PARTS), "How the part looks.", '"switch"'),
        Key("label", LINE, "Its words, as the page has them.", '"POP3 erlauben"'),
    )), "What can be seen around the control, from top to bottom. Only what a source says.",
        '[{ kind = "switch", label = "POP3 erlauben" }]'),
)  # fmt: skip

MENU_PATH = (
    Key("steps", ListOf(LINE, least=1), "What to press, in the literal words of the page, in order.",
        '["Settings", "POP3", "Allow POP3", "Save"]'),
    Key("note", LINE, "When or where the menus read so, such as “2026”.", '"2026"', ""),
    Key("source", LINE, "Who says so: a page with its date.", '"https://help.nordlicht.example, 2026-11-20"', ""),
    Key("proved", Switch(), "false where no source has these words; pages then say that they may differ.", "false",
        True),
    Key("drawings", Tables(DRAWING), "Drawings of the provider's own page, made from its words.",
        '[{ step = 3, title = "POP3", parts = [{ kind = "switch", label = "Allow POP3" }] }]', ()),
)  # fmt: skip

NOTICE = (
    Key("text", Languages(LINE), "What people should know, in one or two sentences.",
        '{ de = "Am 3. Dezember wird gewartet.", en = "Maintenance on 3 December." }'),
    Key("since", Day(), "From this day on the notice is shown.", "2026-12-01"),
    Key("until", Day(), "After this day it disappears.", "2026-12-03", None),
    Key("link", LINK, "Where the provider says more.", '"https://status.nordlicht.example/"', ""),
)  # fmt: skip

KEYS = (
    Key("name", LINE, "The provider's name, as pages and files say it: after “bei” and “von”, before a hyphen.",
        '"Nordlicht"'),
    Key("website", HOSTNAME, "Where people read their mail in the browser.", '"mail.nordlicht.example"'),
    Key("checked", Day(), "The day on which somebody compared the facts in this file with their sources.",
        "2026-11-28"),
    Key("sources", ListOf(LINE, least=1), "Where the facts come from, each with its date.",
        '["https://help.nordlicht.example/pop3, 2026-11-20: servers"]'),
    Key("domains", ListOf(DOMAIN, least=1), "Domains whose addresses are certainly this provider's, the best known "
        "first.", '["nordlicht.example"]'),
    Key("domains_to_confirm", ListOf(DOMAIN), "Domains that are probably this provider's: the person is asked.",
        '["nordlicht-alt.example"]', ()),
    Key("suffixes_to_confirm", ListOf(SUFFIX), "Endings of domains that are probably this provider's.",
        '[".nordlicht.example"]', ()),
    Key("domains_shared_with", TextsByName(DOMAIN, LINE), "Domains that another provider has too, with its id: the "
        "person is asked on which site they read their mail.", '{ "nordlicht.example" = "suedlicht.example" }', {}),
    Key("audience", Languages(LINE), "Who has such an address: the hint beside the name where a person chooses "
        "between providers.", '{ de = "Stadt und Schulen", en = "Town and schools" }', {}),
    Key("mail_exchangers", ListOf(DOMAIN), "Domains of the hosts that take mail for it (MX). A mail address with a "
        "domain of its own is recognised by them.", '["mx.nordlicht.example"]', ()),
    Key("run_by_operator", Switch(), "true where who runs this site also runs the mail: pages then do not say that "
        "they are independent.", "true", False),
    Key("username", OneOf(tuple(Username)), "The user name of programs: the whole address, or what stands before "
        "the @.", '"%EMAILLOCALPART%"', Username.ADDRESS),
    Key("servers", Tables(SERVER, least=1), "Ways to reach the servers, the preferred one of each type first.",
        '[{ type = "pop3", hostname = "pop.nordlicht.example", port = 995, socket_type = "SSL" }]'),
    Key("seconds_between_pop3_logins", Number(0, 86_400), "Seconds that two logins for receiving must lie apart. "
        "The full circle is offered only up to 30.", "20", 20),
    Key("minutes_between_fetches", Number(1, 1440), "Minutes that a program should wait between two fetches. "
        "Without it programs keep their own number.", "15", None),
    Key("pop3_needs", Languages(LINE), "What POP3 needs that not everybody has: a plan, a fee. Said before the "
        "questions.", '{ de = "POP3 gibt es nur im Tarif Plus.", en = "POP3 comes with the plan Plus only." }', {}),
    Key("logins_lock", ListOf(OneOf(LOCKS)), "What logins can lock a mailbox: from far-apart places, many refused "
        "ones. Said before a login test.", '["far-apart", "many-refusals"]', ()),
    Key("activation", Languages(Tables(MENU_PATH, least=1)), "The way to switch POP3 on, by the language of the "
        "menus: pages show the first one. Newest wording first. Without it nothing must be switched on, and the page "
        "is left out.",
        '{ de = [{ steps = ["Einstellungen", "POP3", "POP3 erlauben", "Speichern"] }] }', {}),
    Key("app_password", Languages(Tables(MENU_PATH, least=1)), "The way to a password for programs, by the language "
        "of the menus: pages show the first one. Without it there is none, and pages do not speak of it.",
        '{ de = [{ steps = ["Konto", "App-Passwörter", "Neu"] }] }', {}),
    Key("help", Languages(TextsByName(OneOf(HELP_TOPICS), LINK)), "Help pages of the provider, by language and "
        "topic.", '{ de = { activation = "https://help.nordlicht.example/pop3" } }', {}),
    Key("notices", Tables(NOTICE), "What is known to be wrong at the moment, or soon. Shown at the switch, "
        "at /help, beside a test that failed, and with the settings.",
        '[{ since = 2026-12-01, text = { de = "Wartung", en = "Maintenance" } }]', ()),
    Key("sentences", Languages(TextsByName(OneOf(tuple(SENTENCES)), LINE)), "Whole sentences in the place of the "
        "general ones, by language.", '{ de = { full = "Ein volles Postfach nimmt nichts mehr an." } }', {}),
)  # fmt: skip


def read(content: object, place: Place) -> Mapping[str, Any]:
    """Return the values of a parsed file by key, with defaults; problems are collected in `place`."""
    values: Mapping[str, Any] = Table(KEYS).read(content, place)
    return values


def schema() -> dict[str, Any]:
    """Return the format as JSON Schema (draft 2020-12). A date is a text in JSON and a date in TOML."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Provider file of the GMX POP setup wizard",
        **Table(KEYS).schema(),
    }
