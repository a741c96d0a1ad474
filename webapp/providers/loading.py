"""Reads provider files strictly: a mistake is named with its file and its key, and nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from webapp.account import Server, ServerType, SocketType
from webapp.providers.types import MenuPath, Provider
from webapp.text import N_, InputError, Message

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

T = TypeVar("T")

HELP_TOPICS = frozenset(
    {
        "overview", "activation", "pop3-server-data", "imap-server-data", "outlook", "two-factor", "app-password",
        "locked", "unknown-device", "password-change", "inactive", "spam", "look-alikes", "aliases", "error-codes",
    }
)  # fmt: skip

_ID = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_HOSTNAME = re.compile(r"(?=.{1,253}$)(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)*(?!-)[a-z0-9-]{1,63}(?<!-)")
_DOMAIN = re.compile(r"(?=.{1,253}$)(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+(?!-)[a-z0-9-]{1,63}(?<!-)")


class ProviderFileError(InputError):
    """A provider file cannot be used."""

    def __init__(self, file: str, key: str, problem: str) -> None:
        values = {"file": file, "key": key, "problem": problem}
        super().__init__(Message(N_("%(file)s, %(key)s: %(problem)s"), values))


class _Table:
    """One table of a file, read key by key; `finish` complains of every key that nobody asked for."""

    def __init__(self, file: str, path: str, content: object) -> None:
        self.file, self.path = file, path
        if not isinstance(content, dict):
            raise ProviderFileError(file, path, "must be a table")
        self._rest: dict[str, Any] = dict(content)

    def error(self, key: str, problem: str) -> ProviderFileError:
        return ProviderFileError(self.file, f"{self.path}.{key}" if self.path else key, problem)

    def take(self, key: str, kind: type[T], *default: T) -> T:
        if key not in self._rest:
            if default:
                return default[0]
            raise self.error(key, "is missing")
        value = self._rest.pop(key)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.error(key, f"must be of type {kind.__name__}")
        return value

    def text(self, key: str, check: Callable[[str], object] = bool, problem: str = "must not be empty") -> str:
        value = self.take(key, str)
        if not check(value):
            raise self.error(key, problem)
        return value

    def texts(self, key: str, *, optional: bool = False, pattern: re.Pattern[str] | None = None) -> tuple[str, ...]:
        values: list[Any] = self.take(key, list, *([[]] if optional else []))
        for number, value in enumerate(values):
            if not isinstance(value, str) or not value or (pattern and not pattern.fullmatch(value)):
                raise self.error(f"{key}[{number}]", f"{value!r} is not allowed here")
        if len(set(values)) != len(values):
            raise self.error(key, "names something twice")
        return tuple(values)

    def tables(self, key: str) -> list[_Table]:
        entries: list[Any] = self.take(key, list)
        name = f"{self.path}.{key}" if self.path else key
        return [_Table(self.file, f"{name}[{number}]", entry) for number, entry in enumerate(entries)]

    def table(self, key: str) -> _Table:
        return _Table(self.file, f"{self.path}.{key}" if self.path else key, self.take(key, dict))

    def keys(self) -> tuple[str, ...]:
        return tuple(self._rest)

    def finish(self) -> None:
        for key in self._rest:
            raise self.error(key, "is not a key of a provider file")


def load(directory: Path | None = None) -> dict[str, Provider]:
    """Return the built-in providers by id, and those of `directory`, which add to them or replace them.

    Raises InputError that names file and key of the first mistake.
    """
    providers = {id_: parse(id_, content, name) for id_, (name, content) in contents(directory).items()}
    _check_domains(providers.values())
    return providers


def contents(directory: Path | None = None) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return by id what `load` parses: how messages call the file, and its content.

    The check in a single file takes it along as JSON, because Python knows no TOML before 3.11.
    """
    files: dict[str, Traversable] = {}
    folders: list[Traversable] = [resources.files("webapp.providers")]
    if directory is not None:
        if not directory.is_dir():
            raise ProviderFileError(str(directory), "WEBAPP_PROVIDERS_DIR", "is not a folder")
        folders.append(directory)
    for folder in folders:
        for file in folder.iterdir():
            if file.name.endswith(".toml"):
                files[file.name.removesuffix(".toml")] = file
    # gmx.net first: most people who come here are its customers
    order = sorted(files, key=lambda id_: (id_ != "gmx.net", id_ != "gmx.com", id_))
    return {id_: _read(id_, files[id_]) for id_ in order}


def _read(id_: str, file: Traversable) -> tuple[str, dict[str, Any]]:
    import tomllib  # not at import: the check in a single file runs on older Pythons too, and reads JSON

    name = str(file) if isinstance(file, Path) else file.name
    if not _ID.fullmatch(id_):
        raise ProviderFileError(name, "file name", "may hold a-z, 0-9, dots and hyphens")
    try:
        return name, tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProviderFileError(name, "TOML", str(error)) from None


def parse(id_: str, content: Mapping[str, Any], name: str) -> Provider:
    """Return the provider of a parsed file; `name` is how messages call the file."""
    table = _Table(name, "", dict(content))
    help_table = table.table("help")
    shared = table.take("domains_shared_with", dict, {})
    domains = frozenset(table.texts("domains", pattern=_DOMAIN))
    for domain, other in shared.items():
        if domain not in domains or not isinstance(other, str):
            raise table.error("domains_shared_with", f"{domain!r} is not one of the domains")
    seconds = table.take("seconds_between_pop3_logins", int)
    if not 0 <= seconds <= 3600:
        raise table.error("seconds_between_pop3_logins", "must be from 0 to 3600")
    provider = Provider(
        id=id_,
        name=table.text("name"),
        website=table.text("website", _HOSTNAME.fullmatch, "must be a host name"),
        checked=table.take("checked", date),
        sources=table.texts("sources"),
        domains=domains,
        domains_to_confirm=frozenset(table.texts("domains_to_confirm", optional=True, pattern=_DOMAIN)),
        suffixes_to_confirm=table.texts("suffixes_to_confirm", optional=True, pattern=re.compile(r"\.[a-z0-9.-]+")),
        domains_shared_with=dict(shared),
        servers=_servers(table),
        seconds_between_pop3_logins=seconds,
        activation=_menu_paths(table, "activation"),
        app_password=_menu_paths(table, "app_password"),
        help_links={locale: _links(help_table.table(locale)) for locale in help_table.keys()},  # noqa: SIM118
    )
    table.finish()
    return provider


def _servers(table: _Table) -> tuple[Server, ...]:
    servers = []
    for entry in table.tables("servers"):
        type_ = entry.text("type", lambda value: value in set(ServerType), "must be pop3, imap or smtp")
        port = entry.take("port", int)
        if not 1 <= port <= 65535:
            raise entry.error("port", "must be from 1 to 65535")
        socket_type = entry.text("socket_type", lambda value: value in set(SocketType), "must be SSL or STARTTLS")
        hostname = entry.text("hostname", _HOSTNAME.fullmatch, "must be a host name in lower case")
        servers.append(Server(ServerType(type_), hostname, port, SocketType(socket_type)))
        entry.finish()
    for needed in (ServerType.POP3, ServerType.SMTP):
        if not any(server.type is needed for server in servers):
            raise table.error("servers", f"names no {needed.value} server")
    return tuple(servers)


def _menu_paths(table: _Table, key: str) -> dict[str, tuple[MenuPath, ...]]:
    by_locale = table.table(key)
    paths = {}
    for locale in by_locale.keys():  # noqa: SIM118  a method of ours, not a dict's
        found = []
        for entry in by_locale.tables(locale):
            found.append(MenuPath(entry.texts("steps"), entry.take("note", str, "")))
            entry.finish()
        paths[locale] = tuple(found)
    return paths


def _links(table: _Table) -> dict[str, str]:
    links = {}
    for topic in table.keys():  # noqa: SIM118
        if topic not in HELP_TOPICS:
            raise table.error(topic, "is not a help topic")
        links[topic] = table.text(topic, lambda link: link.startswith("https://"), "must begin with https://")
    return links


def _check_domains(providers: Iterable[Provider]) -> None:
    owners: dict[str, str] = {}
    for provider in providers:
        for domain in provider.domains | provider.domains_to_confirm:
            if domain in owners:
                raise ProviderFileError(f"{provider.id}.toml", "domains", f"{domain} belongs to {owners[domain]} too")
            owners[domain] = provider.id
