"""Reads provider files strictly: an error names file, key, and what is wrong in words for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webapp.core.account import Server, ServerType
from webapp.core.providers.format import HOSTNAME, read
from webapp.core.providers.kinds import FileProblem, Place
from webapp.core.providers.types import Drawing, DrawnPart, MenuPath, Notice, Provider
from webapp.core.text import N_, InputError, Message

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

FILE_OCTETS_MAX = 64 * 1024
ENDING = ".toml"
FIRST = ("gmx.net", "gmx.com", "web.de", "mail.com")  # the built-in ones, in the order of their customers here


class ProviderFileError(InputError):
    """An invalid provider file, with all its problems; the message tells the first."""

    def __init__(self, file: str, problems: Sequence[FileProblem]) -> None:
        self.file, self.problems = file, tuple(problems)
        first = self.line(self.problems[0])
        more = len(self.problems) - 1
        if more:
            text = N_("%(first)s (and %(number)s more: gmx-pop-wizard providers check %(file)s)")
            first = Message(text, {"first": first, "number": more, "file": file})
        super().__init__(first)

    def line(self, problem: FileProblem) -> Message:
        """Return one problem with file and key."""
        values: dict[str, str | int | Message] = {"file": self.file, "key": problem.key, "problem": problem.text}
        return Message(N_("%(file)s, %(key)s: %(problem)s") if problem.key else N_("%(file)s: %(problem)s"), values)


def failed(file: str, key: str, text: str, **values: str | int) -> ProviderFileError:
    """Return the error of a file with one problem. text: an `N_` text."""
    return ProviderFileError(file, [FileProblem(key, Message(text, values))])


def load(directory: Path | None = None, served: Sequence[str] = ()) -> dict[str, Provider]:
    """Return the providers by id: the built-in ones, extended or overridden by those in `directory`.

    served: ids of the providers to serve, in order; those in `directory` are served in any case. () for all.
    Raises ProviderFileError for the first invalid file, InputError for an id in `served` that does not exist.
    """
    return made_of(contents(directory, served))


def made_of(contents: Mapping[str, tuple[str, Mapping[str, Any]]]) -> dict[str, Provider]:
    """Return the providers of parsed files; raises ProviderFileError."""
    providers = {id_: parse(id_, content, name) for id_, (name, content) in contents.items()}
    _check_domains(providers.values())
    return providers


def contents(directory: Path | None = None, served: Sequence[str] = ()) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return (file name for messages, parsed TOML) by id.

    The single-file check bundles this as JSON, because Python reads TOML only from 3.11 on.
    """
    shipped = _files(resources.files("webapp.core.providers"))
    own = {} if directory is None else _own_files(directory)
    files = {**shipped, **own}
    for id_ in served:
        if id_ not in files:
            names = {"provider": id_, "providers": ", ".join(files)}
            raise InputError(
                N_("WEBAPP_PROVIDERS: there is no provider “%(provider)s”. There is: %(providers)s."), **names
            )
    if served:
        order = [*served, *sorted(id_ for id_ in own if id_ not in served)]
    else:
        order = sorted(files, key=lambda id_: (FIRST.index(id_) if id_ in FIRST else len(FIRST), id_))
    return {id_: _parsed(files[id_]) for id_ in order}


def judged(path: Path, directory: Path | None = None) -> Provider:
    """Return the provider of one file, as it would stand beside the others; raises ProviderFileError."""
    id_ = path.name.removesuffix(ENDING)
    _check_name(path.name, id_, str(path))
    provider = parse(id_, parsed_toml(octets(path, str(path)), str(path)), str(path))
    try:
        others = load(directory)
    except ProviderFileError:  # of another file
        others = load()
    _check_domains({**others, id_: provider}.values(), str(path))
    return provider


def _check_name(name: str, id_: str, file: str) -> None:
    place = Place()
    HOSTNAME.read(id_, place)
    if name != f"{id_}{ENDING}" or place.problems:
        text = N_("must be named after its provider's domain, in lower case: such as %(example)s")
        raise failed(file, "", text, example=f"example.org{ENDING}")


def _files(folder: Traversable) -> dict[str, Traversable]:
    """Return the files of a folder by id."""
    return {file.name.removesuffix(ENDING): file for file in folder.iterdir() if file.name.endswith(ENDING)}


def _own_files(directory: Path) -> dict[str, Traversable]:
    """Return the operator's files by id; raises ProviderFileError for a name that would be passed over or misread."""
    try:
        names = sorted(path.name for path in directory.iterdir())
    except OSError as error:
        text = N_("cannot be read: %(reason)s")
        raise failed(str(directory), "WEBAPP_PROVIDERS_DIR", text, reason=error.strerror or "") from None
    seen: dict[str, str] = {}
    for name in names:
        id_ = name.lower().removesuffix(".txt").removesuffix(ENDING)
        if id_ == name.lower() or name.startswith("."):
            continue
        if id_ in seen:
            text = N_("is the same provider as %(other)s. Remove one")
            raise failed(str(directory / name), "", text, other=seen[id_])
        seen[id_] = name
    for id_, name in seen.items():
        _check_name(name, id_, str(directory / name))
    return _files(directory)


def _parsed(file: Traversable) -> tuple[str, dict[str, Any]]:
    name = str(file) if isinstance(file, Path) else file.name
    return name, parsed_toml(octets(file, name), name)


def octets(file: Traversable, name: str) -> bytes:
    """Return the content of a file; raises ProviderFileError where it cannot be one."""
    try:
        if not file.is_file():
            text = N_("leads nowhere: what it points to does not exist")
            raise failed(name, "", text if isinstance(file, Path) and file.is_symlink() else N_("is no file"))
        with file.open("rb") as stream:
            content = stream.read(FILE_OCTETS_MAX + 1)
    except OSError as error:
        raise failed(name, "", N_("cannot be read: %(reason)s"), reason=error.strerror or "") from None
    if len(content) > FILE_OCTETS_MAX:
        text = N_("is larger than %(limit)s KB: that is no provider file")
        raise failed(name, "", text, limit=FILE_OCTETS_MAX // 1024)
    return content


def parsed_toml(content: bytes, name: str) -> dict[str, Any]:
    """Return the parsed TOML; raises ProviderFileError with the line."""
    import tomllib  # local: the single-file check runs on older Pythons and reads JSON

    if content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise failed(name, "", N_("begins with a byte-order mark. Save it as UTF-8 without one"))
    if not content.strip():
        raise failed(name, "", N_("is empty"))
    try:
        return tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise failed(name, "", N_("is not saved as UTF-8 (line %(line)s)"), line=line) from None
    except (ValueError, RecursionError) as error:  # ValueError: TOMLDecodeError, and int() of thousands of digits
        raise failed(name, "", N_("is no TOML: %(reason)s"), reason=str(error)) from None


def parse(id_: str, content: Mapping[str, Any], name: str) -> Provider:
    """Return the provider of a parsed file; `name` is the file's name in messages. Raises ProviderFileError."""
    place = Place()
    values = read(dict(content), place)
    if not place.problems:
        _check_together(id_, values, place)
    if place.problems:
        raise ProviderFileError(name, place.problems)
    return _provider(id_, values)


def _check_together(id_: str, values: Mapping[str, Any], place: Place) -> None:
    """Note what is wrong between the values of several keys."""
    types = [server["type"] for server in values["servers"]]
    for needed in (ServerType.POP3, ServerType.SMTP):
        if needed not in types:
            place.at("servers").problem(N_("names no server of type %(type)s"), type=needed.value)
    _check_domains_of(id_, values, place)
    for kind in ("activation", "app_password"):
        for locale, paths in values[kind].items():
            for number, path in enumerate(paths):
                _check_drawings(path, place.at(kind).at(locale).at(number).at("drawings"))
    for number, notice in enumerate(values["notices"]):
        if notice["until"] and notice["until"] < notice["since"]:
            place.at("notices").at(number).at("until").problem(N_("lies before since"))


def _check_domains_of(id_: str, values: Mapping[str, Any], place: Place) -> None:
    for domain, other in values["domains_shared_with"].items():
        if domain not in values["domains"]:
            place.at("domains_shared_with").at(domain).problem(N_("is not one of the domains"))
        if other == id_:
            place.at("domains_shared_with").at(domain).problem(N_("names this provider itself"))
    both = set(values["domains"]) & set(values["domains_to_confirm"])
    if both:
        place.at("domains_to_confirm").problem(N_("names “%(name)s”, which is in domains too"), name=min(both))


def _check_drawings(path: Mapping[str, Any], place: Place) -> None:
    """A drawing and its step must agree."""
    for number, drawing in enumerate(path["drawings"]):
        if drawing["step"] > len(path["steps"]):
            place.at(number).at("step").problem(N_("is more than the way has steps"))
        elif not any(part["label"] in path["steps"][drawing["step"] - 1] for part in drawing["parts"]):
            place.at(number).at("parts").problem(N_("do not show what the step presses"))


def _provider(id_: str, values: Mapping[str, Any]) -> Provider:
    keys = dict(values)
    help_links, domains = keys.pop("help"), keys.pop("domains")
    return Provider(
        **{
            **keys,
            "id": id_,
            "domains": frozenset(domains),
            "main_domain": domains[0],
            "domains_to_confirm": frozenset(keys["domains_to_confirm"]),
            "servers": tuple(Server(**server) for server in keys["servers"]),
            "activation": _menu_paths(keys["activation"]),
            "app_password": _menu_paths(keys["app_password"]),
            "help_links": help_links,
            "notices": tuple(Notice(**notice) for notice in keys["notices"]),
        }
    )


def _menu_paths(by_locale: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, tuple[MenuPath, ...]]:
    return {locale: tuple(map(_menu_path, paths)) for locale, paths in by_locale.items()}


def _menu_path(values: Mapping[str, Any]) -> MenuPath:
    drawings = (
        Drawing(one["step"], one["title"], tuple(DrawnPart(**part) for part in one["parts"]))
        for one in values["drawings"]
    )
    return MenuPath(**{**values, "drawings": tuple(drawings)})


def _check_domains(providers: Iterable[Provider], file: str = "") -> None:
    owners: dict[str, str] = {}
    for provider in providers:
        for domain in sorted(provider.domains | provider.domains_to_confirm):
            if domain in owners:
                text = N_("“%(domain)s” belongs to %(other)s too")
                raise failed(file or f"{provider.id}{ENDING}", "domains", text, domain=domain, other=owners[domain])
            owners[domain] = provider.id
