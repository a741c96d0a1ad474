"""What the installed Thunderbird can say, read from its own archives: key and text, in German and English."""

from __future__ import annotations

import configparser
import re
import zipfile
from collections.abc import Iterator

from tests.support.thunderbird import GERMAN, PROGRAM

ARCHIVES = {"en": (PROGRAM.parent / "omni.ja", "en-US"), "de": (GERMAN, "de")}

# Where its messages on fetching, sending, setting up and importing stand: end of the path, and which keys of the file.
FILES = {
    "messenger/localMsgs.properties": re.compile(r"pop3|nsErrorCouldNot"),
    "messengercompose/composeMsgs.properties": re.compile(
        r"smtp|errorSending|sendFailed|errorQueued|failedCopy|errorIllegal"
    ),
    "messenger/messenger.properties": re.compile(
        r"unknownHostError|connectionRefusedError|net(Timeout|Reset|Interrupt)Error|mailServerLoginFailed"
    ),
    "messenger/accountcreation/accountHub.ftl": re.compile(r"account-hub-.*(error|fail|wrong)"),
    "messenger/certError.ftl": re.compile(r"cert-error-"),
    "pipnss/nsserrors.properties": re.compile(r"[A-Z_0-9]+$"),
    "messenger/aboutImport.ftl": re.compile(r"error-message-"),
}


def strings(language: str) -> dict[str, str]:
    """Return the texts by key; a key of Fluent that stands in an attribute ends with its name."""
    archive, name = ARCHIVES[language]
    found = {}
    with zipfile.ZipFile(archive) as texts:
        for entry in texts.namelist():
            for ending, keys in FILES.items():
                if f"/{name}/" in f"/{entry}" and entry.endswith(ending):
                    read = _fluent if ending.endswith(".ftl") else _properties
                    found |= {key: text for key, text in read(texts.read(entry).decode()) if text and keys.match(key)}
    return found


def version() -> str:
    """Return the installed version, such as "Thunderbird 153.8.0"."""
    read = configparser.ConfigParser()
    read.read(PROGRAM.parent / "application.ini")
    return f"{read['App']['Name']} {read['App']['Version']}"


def with_names(text: str, name: str) -> str:
    """Return `text` as it stands on the screen, `name` in the place of what differs from person to person."""
    text = re.sub(r"<[^>]+>", "", text).replace("{ -brand-short-name }", "Thunderbird")
    text = re.sub(r"\{\s*\$?[\w-]+\s*\}|%(?:\d\$)?S|%s", name, text).replace("\\n", " ").replace("\\", "")
    return " ".join(re.sub(r"&(?=\w)", "", text).split())


def _properties(text: str) -> Iterator[tuple[str, str]]:
    yield from re.findall(r"^([^#=\s]+)\s*=\s*(.+)$", text, re.MULTILINE)


def _fluent(text: str) -> Iterator[tuple[str, str]]:
    key, parts = "", dict[str, str]()
    for line in text.splitlines():
        if message := re.match(r"([a-zA-Z][\w-]*)\s*=\s*(.*)$", line):
            key = name = message[1]
            parts[name] = message[2]
        elif attribute := re.match(r"\s+\.(\w+)\s*=\s*(.*)$", line):
            name = f"{key}.{attribute[1]}"
            parts[name] = attribute[2]
        elif key and line.startswith("    "):
            parts[name] += f" {line.strip()}"
    yield from parts.items()
