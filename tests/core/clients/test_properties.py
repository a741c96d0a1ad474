"""What holds for every export, whatever the name, the address and the choice of what stays on the server."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from dataclasses import fields, replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.expected_settings import expected_settings
from tests.support.readers import READERS, Settings
from webapp.core import providers
from webapp.core.account import Retention, Username, parse_name
from webapp.core.clients import CLIENTS, ExportOptions
from webapp.core.text import InputError

# All that are shipped; readers know an account by its whole address, so that here each takes it for the user name.
PROVIDERS = {id_: replace(one, username=Username.ADDRESS) for id_, one in providers.load().items()}
FORMATS = [(client.id, format_) for client in CLIENTS.values() for format_ in client.formats]

LOCAL_PARTS = st.one_of(
    st.from_regex(r"[a-z0-9]+(?:[.-][a-z0-9]+)?", fullmatch=True).filter(lambda text: len(text) <= 64),
    st.from_regex(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}", fullmatch=True),
)
ATTACKS = (
    '");user_pref("mail.server.server1.hostname", "evil.example");//',
    "</string><key>IncomingPassword</key><string>x",
    "]]><script>alert(1)</script>",
    "A\r\nPOP3Server=evil.example",
    "A\npasswordeval id",
    "%OS% ; comment",
    '=HYPERLINK("http://evil.example")',
    "\u202egpj.exe",
    "A\x00B",
    "{{ 7 * 7 }}${7*7}",
    "\\x22 \\u0022 \\",
    "'; rm -rf ~; '",
)
NAMES = st.one_of(st.sampled_from(ATTACKS), st.text(max_size=70))
KEEPS = st.one_of(st.sampled_from(["forever", "delete"]), st.integers(1, 99).map(str))


def test_every_format_has_a_reader() -> None:
    assert set(READERS) == set(FORMATS)


@pytest.mark.parametrize(("client", "format_"), FORMATS)
@given(
    local_part=LOCAL_PARTS,
    domain=st.sampled_from(["gmx.de", "gmx.net", "mail.sub-domain.example"]),
    name=NAMES,
    keep=KEEPS,
    provider=st.sampled_from(list(PROVIDERS)),
    port=st.sampled_from([465, 587]),
    locale=st.sampled_from(["de", "en"]),
    variant=st.sampled_from([(None, "existing"), ("iphone", "new"), ("mac", "existing")]),
)
@example("anna", "gmx.de", "Jörg Beispiel", "14", "gmx.net", 465, "de", (None, "existing"))
def test_parses_back_to_the_same_account_or_is_refused(
    client: str,
    format_: str,
    local_part: str,
    domain: str,
    name: str,
    keep: str,
    provider: str,
    port: int,
    locale: str,
    variant: tuple[str | None, str],
) -> None:
    options = ExportOptions(format=format_, locale=locale, device=variant[0], profile=variant[1], host="setup.example")
    try:
        account = PROVIDERS[provider].account(
            f"{local_part}@{domain}", name=name, retention=Retention.parse(keep), smtp_port=port
        )
        made = CLIENTS[client].export(account, options)
    except InputError:
        assert not re.fullmatch(r"[a-z0-9]+(?:[.-][a-z0-9]+)?", local_part) or not re.fullmatch(r"[\w ]{0,64}", name)
        return
    assert account.display_name == parse_name(name)
    assert READERS[client, format_](made.content) == expected_settings(account, client, format_)
    assert CLIENTS[client].export(account, options) == made
    plain = CLIENTS[client].export(PROVIDERS[provider].account("a@gmx.de"), options)
    assert made.file_name == plain.file_name
    assert re.fullmatch(r"[a-z0-9]+(?:[.-][a-z0-9]+)*", made.file_name)


@pytest.mark.parametrize(("client", "format_"), FORMATS)
@given(name=st.sampled_from(ATTACKS))
def test_a_hostile_name_adds_no_line(client: str, format_: str, name: str) -> None:
    """The text formats have as many lines as with a name that harms nobody."""
    try:
        account = PROVIDERS["gmx.net"].account("anna@gmx.de", name=name)
        made = CLIENTS[client].export(account, ExportOptions(format=format_))
    except InputError:
        return
    harmless = PROVIDERS["gmx.net"].account("anna@gmx.de", name="Anna")
    if not format_.startswith("qr-") and format_ != "zip":
        assert made.content.count(b"\n") == CLIENTS[client].export(
            harmless, ExportOptions(format=format_)
        ).content.count(b"\n")


@pytest.mark.parametrize(("client", "format_"), FORMATS)
def test_no_format_has_a_place_for_a_password(client: str, format_: str) -> None:
    """Keys and elements that a program would take for one, in three encodings."""
    account = PROVIDERS["gmx.net"].account("anna@gmx.de", name="Anna")
    content = CLIENTS[client].export(account, ExportOptions(format=format_)).content
    suspicious = (
        "<key>IncomingPassword<", "<key>OutgoingPassword<", "<password", "0x0102", "signon", "\npassword ",
        "\npassword =", "\n  password", "\npasswordeval", "\npassword_command",
    )  # fmt: skip
    for text in suspicious:
        for encoded in (text.encode(), text.encode("utf-16-le"), base64.b64encode(text.encode())):
            assert encoded not in content


def test_another_run_of_python_writes_the_same_bytes() -> None:
    program = (
        "import hashlib\n"
        "from webapp.core import providers\n"
        "from webapp.core.clients import CLIENTS, ExportOptions\n"
        "account = providers.load()['gmx.net'].account('anna@gmx.de', name='Jörg Beispiel')\n"
        "for client in CLIENTS.values():\n"
        "    for name in client.formats:\n"
        "        made = client.export(account, ExportOptions(format=name))\n"
        "        print(client.id, name, made.file_name, hashlib.sha256(made.content).hexdigest())\n"
    )
    first, second = (
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed, "TZ": zone},
            check=True, capture_output=True, text=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    )  # fmt: skip
    assert first == second
    assert len(first.splitlines()) == len(FORMATS)


def test_the_settings_of_a_reader_are_all_compared() -> None:
    """So that a field added to Settings is not forgotten in `expected_settings`."""
    account = PROVIDERS["gmx.net"].account("anna@gmx.de", name="Anna", retention=Retention.parse("14"))
    full = expected_settings(account, "thunderbird", "zip")
    assert all(getattr(full, field.name) is not None for field in fields(Settings))
