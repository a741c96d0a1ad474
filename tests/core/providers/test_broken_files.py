"""Files of providers that cannot be used: each is refused with file, line or key, and a sentence for people."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from webapp.core import providers
from webapp.core.providers.loading import FILE_OCTETS_MAX, ProviderFileError
from webapp.core.text import translations_for

NAME = "nordlicht.example.toml"
WHOLE = (Path(__file__).parents[2] / "support" / "provider_files" / NAME).read_text(encoding="utf-8")
WAY = 'steps = ["Einstellungen", "POP3 erlauben"]'


def changed(old: str, new: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        assert old in WHOLE, old
        (folder / NAME).write_text(WHOLE.replace(old, new, 1), encoding="utf-8")

    return write


def added(text: str) -> Callable[[Path], None]:
    return lambda folder: void((folder / NAME).write_text(f"{text}\n{WHOLE}", encoding="utf-8"))


def content(octets: bytes, name: str = NAME) -> Callable[[Path], None]:
    return lambda folder: void((folder / name).write_bytes(octets))


def void(_result: object) -> None:
    pass


def nowhere(folder: Path) -> None:
    (folder / NAME).symlink_to(folder / "gone.toml")


def two_of_one_id(folder: Path) -> None:
    for name in (NAME, "Nordlicht.example.toml"):
        (folder / name).write_text(WHOLE, encoding="utf-8")


def two_of_one_domain(folder: Path) -> None:
    for name in (NAME, "nordlicht2.example.toml"):
        (folder / name).write_text(WHOLE, encoding="utf-8")


BROKEN: dict[str, tuple[Callable[[Path], None], str, str]] = {
    # what is wrong: how the file is made, key or line, part of the sentence
    "a number of five thousand digits": (added("port = " + "5" * 5000), NAME, "is no TOML"),
    "a key is missing": (changed('name = "Nordlicht"\n', ""), "name:", "is missing"),
    "the date is missing": (changed("checked = 2026-11-28\n", ""), "checked:", "is missing"),
    "no domain is named": (changed('domains = ["nordlicht.example"]', "domains = []"), "domains:", "not be empty"),
    "no server at all": (changed("[[servers]]", "[[server]]"), "server:", "Did you mean servers?"),
    "nothing to receive": (changed('type = "pop3"', 'type = "imap"'), "servers:", "no server of type pop3"),
    "nothing to send": (changed('type = "smtp"', 'type = "imap"'), "servers:", "no server of type smtp"),
    "a number as name": (changed('name = "Nordlicht"', "name = 7"), "name:", "must be a text"),
    "an empty name": (changed('name = "Nordlicht"', 'name = " "'), "name:", "must not be empty"),
    "a very long name": (changed('"Nordlicht"', f'"{"N" * 500}"'), "name:", "longer than 400"),
    "an invisible character": (changed('"Nordlicht"', '"Nord\\u202elicht"'), "name:", "cannot be seen"),
    "a line break in the name": (changed('"Nordlicht"', '"Nord\\nlicht"'), "name:", "cannot be seen"),
    "a port as text": (changed("port = 995", 'port = "995"'), "servers[0].port:", "without quotation marks"),
    "port 0": (changed("port = 995", "port = 0"), "servers[0].port:", "from 1 to 65535"),
    "port 70000": (changed("port = 995", "port = 70000"), "servers[0].port:", "from 1 to 65535"),
    "a port that is true": (changed("port = 995", "port = true"), "servers[0].port:", "whole number"),
    "a host name with a blank": (changed('"pop.nord', '"pop nord'), "servers[0].hostname:", "must be a host name"),
    "a host name in capitals": (changed('"pop.nord', '"POP.nord'), "servers[0].hostname:", "in lower case"),
    "a web address as host": (changed('"pop.nord', '"https://pop.nord'), "servers[0].hostname:", "a host name"),
    "an unknown kind of server": (changed('"pop3"', '"pop"'), "servers[0].type:", "pop3, imap, smtp"),
    "no encryption": (changed('"SSL"', '"plain"'), "servers[0].socket_type:", "SSL, STARTTLS"),
    "a wrong user name": (changed("%EMAILLOCALPART%", "anna"), "username:", "%EMAILADDRESS%, %EMAILLOCALPART%"),
    "a key nobody knows": (added('colour = "blue"'), "colour:", "is not known here"),
    "a key with a slip": (changed("website =", "webseite ="), "webseite:", "Did you mean website?"),
    "a slip inside a server": (changed("hostname =", "hostnme ="), "servers[0].hostnme:", "Did you mean hostname?"),
    "a date as text": (changed("2026-11-28", '"2026-11-28"'), "checked:", "without quotes"),
    "a date with an hour": (changed("2026-11-28", "2026-11-28T10:00:00"), "checked:", "a date"),
    "a text in place of a list": (changed('["nordlicht.example"]', '"nordlicht.example"'), "domains:", "a list"),
    "a domain twice": (
        changed('["nordlicht.example"]', '["nordlicht.example", "nordlicht.example"]'), "domains:", "twice"),
    "an address as domain": (changed('["nordlicht', '["anna@nordlicht'), "domains[0]:", "must be a domain"),
    "a domain that is sure and not": (
        added('domains_to_confirm = ["nordlicht.example"]'), "domains_to_confirm:", "is in domains too"),
    "a shared domain it has not": (
        added('domains_shared_with = { "gmx.de" = "gmx.net" }'), "domains_shared_with.gmx.de:", "not one of"),
    "a domain of GMX": (changed('["nordlicht.example"]', '["gmx.de"]'), "domains:", "belongs to"),
    "a help page without TLS": (added('help.de.activation = "http://x.example/"'), "help.de.activation:", "whole web"),
    "a help page of no host": (added('help.de.activation = "https:///pop3"'), "help.de.activation:", "whole web"),
    "a topic nobody knows": (added('help.de.aktivation = "https://x.example"'), "help.de.aktivation:", "activation?"),
    "a language by its name": (added('pop3_needs.deutsch = "Geld"'), "pop3_needs.deutsch:", "two letters"),
    "a sentence nobody asks for": (added('sentences.de.two-faktor = "x"'), "sentences.de.two-faktor:", "two-factor?"),
    "a pause as text": (added('seconds_between_pop3_logins = "20"'), "seconds_between_pop3_logins:", "whole number"),
    "a lock nobody knows": (added('logins_lock = ["often"]'), "logins_lock[0]:", "far-apart"),
    "a way without a step": (added("activation.de = [{ steps = [] }]"), "activation.de[0].steps:", "not be empty"),
    "a drawing of no step": (
        added(f"activation.de = [{{ {WAY}, drawings = [{{ step = 3, parts = [] }}] }}]"),
        "activation.de[0].drawings[0].step:", "more than the way has steps"),
    "a drawing of something else": (
        added(f'activation.de = [{{ {WAY}, drawings = [{{ step = 2, parts = [{{ kind = "switch", label = "IMAP" }}] }}] }}]'),
        "activation.de[0].drawings[0].parts:", "do not show"),
    "a notice that ended before it began": (
        added('notices = [{ text.de = "x", since = 2026-12-02, until = 2026-12-01 }]'), "notices[0].until:", "before"),
    "a bracket is missing": (changed("[[servers]]", "[[servers]"), "line 9", "is no TOML"),
    "a key twice": (added('name = "Nordlicht"'), "line", "is no TOML"),
    "JSON": (content(b'{"name": "Nordlicht"}'), "line 1", "is no TOML"),
    "a byte-order mark": (content(b"\xef\xbb\xbf" + WHOLE.encode()), NAME, "byte-order mark"),
    "UTF-16": (content(WHOLE.encode("utf-16")), NAME, "byte-order mark"),
    "Latin-1": (content(WHOLE.replace("Nordlicht", "Nördlicht").encode("latin-1")), "line 1", "not saved as UTF-8"),
    "an empty file": (content(b""), NAME, "is empty"),
    "blanks only": (content(b" \n\n"), NAME, "is empty"),
    "a megabyte": (content(b"# x\n" * 262_144), NAME, f"larger than {FILE_OCTETS_MAX // 1024} KB"),
    "a link to nowhere": (nowhere, NAME, "leads nowhere"),
    "a folder": (lambda folder: (folder / NAME).mkdir(), NAME, "is no file"),
    "a pipe": (lambda folder: os.mkfifo(folder / NAME), NAME, "is no file"),
    "two files of one provider": (two_of_one_id, "ordlicht.example.toml", "the same provider"),
    "two files of one domain": (two_of_one_domain, "nordlicht2.example.toml, domains", "belongs to nordlicht.example"),
    "a name with a blank": (content(WHOLE.encode(), "nord licht.toml"), "nord licht.toml", "must be named"),
    "a name in capitals": (content(WHOLE.encode(), "NORDLICHT.TOML"), "NORDLICHT.TOML", "must be named"),
    "a name that Windows has made": (content(WHOLE.encode(), NAME + ".txt"), ".toml.txt", "must be named"),
}  # fmt: skip


def test_these_are_at_least_forty() -> None:
    assert len(BROKEN) >= 40


def test_the_file_that_they_are_made_from_is_whole(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(WHOLE, encoding="utf-8")
    assert providers.load(tmp_path)["nordlicht.example"].name == "Nordlicht"


@pytest.mark.parametrize("wrong", BROKEN)
def test_a_broken_file_is_refused_with_file_key_and_sentence(wrong: str, tmp_path: Path) -> None:
    write, where, sentence = BROKEN[wrong]
    write(tmp_path)
    with pytest.raises(ProviderFileError) as refusal:
        providers.load(tmp_path)
    told = str(refusal.value)
    assert ".toml" in told
    assert where in told
    assert sentence in told
    assert "\n" not in told
    german = refusal.value.message.translated(translations_for("de"))
    assert german != told, "the sentence has no German"


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = WHOLE.replace("port = 995", 'port = "995"').replace('name = "Nordlicht"', "").replace("SSL", "none")
    (tmp_path / NAME).write_text(text, encoding="utf-8")
    with pytest.raises(ProviderFileError) as refusal:
        providers.load(tmp_path)
    assert {problem.key for problem in refusal.value.problems} == {
        "name", "servers[0].port", "servers[0].socket_type",
    }  # fmt: skip
    assert "(and 2 more: gmx-pop-wizard providers check" in str(refusal.value)
