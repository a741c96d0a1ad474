from __future__ import annotations

from pathlib import Path

import pytest

from webapp.core import providers
from webapp.core.account import ServerType
from webapp.core.providers import Certainty
from webapp.core.text import InputError

KNOWN = providers.load()
FILE = (Path(providers.__file__).parent / "gmx.net.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("address", "certainty", "ids"),
    [
        ("a@gmx.de", Certainty.CERTAIN, ["gmx.net"]),
        ("a@mein.gmx", Certainty.CERTAIN, ["gmx.net"]),
        ("a@gmx.co.uk", Certainty.CERTAIN, ["gmx.com"]),
        ("a@gmx.com", Certainty.AMBIGUOUS, ["gmx.com", "gmx.net"]),
        ("a@wolke7.net", Certainty.CONFIRM, ["gmx.net"]),
        ("a@irgendwas.gmx", Certainty.CONFIRM, ["gmx.net"]),
        ("a@web.de", Certainty.CERTAIN, ["web.de"]),
        ("a@freenet.de", Certainty.OTHER_BRAND, []),
        ("a@mail.com", Certainty.CERTAIN, ["mail.com"]),
        ("a@notgmx.de", Certainty.UNKNOWN, []),
        ("a@gmx.de.example.org", Certainty.UNKNOWN, []),
    ],
)
def test_finds_the_provider_of_an_address(address: str, certainty: Certainty, ids: list[str]) -> None:
    finding = providers.find(address, KNOWN)
    assert finding.certainty is certainty
    assert [provider.id for provider in finding.providers] == ids


def test_knows_every_domain_of_both_platforms() -> None:
    net, com = KNOWN["gmx.net"], KNOWN["gmx.com"]
    assert (len(net.domains), len(com.domains), len(net.domains_to_confirm)) == (11, 22, 98)


def test_each_provider_has_both_ports_for_receiving_and_sending() -> None:
    for provider, suffix in (("gmx.net", "gmx.net"), ("gmx.com", "gmx.com")):
        served = {(s.type, s.hostname, s.port, s.socket_type.value) for s in KNOWN[provider].servers}
        assert {
            (ServerType.POP3, f"pop.{suffix}", 995, "SSL"),
            (ServerType.POP3, f"pop.{suffix}", 110, "STARTTLS"),
            (ServerType.SMTP, f"mail.{suffix}", 465, "SSL"),
            (ServerType.SMTP, f"mail.{suffix}", 587, "STARTTLS"),
            (ServerType.IMAP, f"imap.{suffix}", 993, "SSL"),
        } <= served


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("a@gmx.d", "a@gmx.de"), ("a@gmx.comm", "a@gmx.com"), ("a@gmx.ent", "a@gmx.net"), ("a@gmxde", "a@gmx.de"),
     ("a@gmx,de", "a@gmx.de"), ("a@gmail.com", None), ("a@example.org", None), ("a@gmx.de", None), ("a@", None),
     ("", None)],
)  # fmt: skip
def test_suggests_the_domain_that_was_probably_meant(typed: str, meant: str | None) -> None:
    assert providers.suggest(typed, KNOWN) == meant


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('name = "GMX"', "", "name"),
        ('name = "GMX"', "name = 7", "name"),
        ('name = "GMX"', 'name = "GMX"\ncolour = "blue"', "colour"),
        ("port = 995", "port = 0", "servers[0].port"),
        ("port = 995", "port = true", "servers[0].port"),
        ('hostname = "pop.gmx.net"', 'hostname = "pop gmx"', "servers[0].hostname"),
        ('socket_type = "SSL"', 'socket_type = "none"', "servers[0].socket_type"),
        ('activation = "https', 'activation = "http', "help.de.activation"),
        ('"gmx.de", "gmx.net"', '"gmx.de", "gmx.de"', "domains"),
        ("checked = 2026", "checked = '2026", "TOML"),
    ],
)
def test_names_file_and_key_of_a_mistake(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert old in FILE
    (tmp_path / "gmx.net.toml").write_text(FILE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        providers.load(tmp_path)
    assert "gmx.net.toml" in str(refusal.value)
    assert key in str(refusal.value)


def test_a_folder_of_the_operator_adds_and_replaces(tmp_path: Path) -> None:
    own = FILE.replace("pop.gmx.net", "127.0.0.1").replace("port = 995", "port = 10995")
    (tmp_path / "gmx.net.toml").write_text(own, encoding="utf-8")
    loaded = providers.load(tmp_path)
    assert loaded["gmx.net"].server(ServerType.POP3).port == 10995
    assert loaded["gmx.com"] == KNOWN["gmx.com"]


def test_refuses_two_providers_with_one_domain(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text(FILE, encoding="utf-8")
    with pytest.raises(InputError, match=r"belongs to gmx\.net"):
        providers.load(tmp_path)


def test_refuses_a_submission_port_that_does_not_exist() -> None:
    with pytest.raises(InputError):
        KNOWN["gmx.net"].account("a@gmx.de", smtp_port=25)


def test_says_which_providers_there_are_where_another_is_named() -> None:
    assert providers.choose("gmx.com", KNOWN) is KNOWN["gmx.com"]
    with pytest.raises(InputError, match=r"“freenet\.de”. There is: gmx\.net, gmx\.com"):
        providers.choose("freenet.de", KNOWN)


def test_says_in_one_place_only_that_there_is_no_provider() -> None:
    code = Path(providers.__file__).parents[2]
    said = [path.name for path in code.rglob("*.py") if "There is no provider" in path.read_text(encoding="utf-8")]
    assert said == ["__init__.py"]
