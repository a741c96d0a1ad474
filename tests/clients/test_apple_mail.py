"""The profile is filled into a kept template; that must be as if it were written anew."""

from __future__ import annotations

import plistlib
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp import providers
from webapp.account import parse_name
from webapp.clients import CLIENTS, ExportOptions, apple_mail
from webapp.text import InputError, locales


@given(
    name=st.text(max_size=64),
    local_part=st.from_regex(r"[a-z0-9&'+=_~-]{1,20}", fullmatch=True),
    locale=st.sampled_from(locales()),
    device=st.sampled_from([None, "iphone", "mac"]),
    organization=st.sampled_from(["", "Verein <Köln> & Co."]),
)
def test_a_filled_template_is_as_if_it_were_written_anew(
    name: str, local_part: str, locale: str, device: str | None, organization: str
) -> None:
    try:
        parse_name(name)
    except InputError:
        return
    account = providers.load()["gmx.net"].account(f"{local_part}@gmx.de", name=name)
    options = ExportOptions(locale=locale, device=device, host="pop.example.org", organization=organization)
    filled = CLIENTS["apple-mail"].export(account, options).content
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(apple_mail, "_is_plain", lambda _name: False)
        anew = CLIENTS["apple-mail"].export(account, options).content
    assert filled == anew
    assert not any(0xE000 <= ord(character) <= 0xF8FF for character in filled.decode())


@given(
    host=st.from_regex(r"[a-zA-Z]{1,9}\.example", fullmatch=True),
    local_part=st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True),
)
def test_an_account_has_the_uuids_that_the_standard_library_gives_it(host: str, local_part: str) -> None:
    address = f"{local_part}@gmx.de"
    account = providers.load()["gmx.net"].account(address)
    profile = plistlib.loads(CLIENTS["apple-mail"].export(account, ExportOptions(host=host)).content)
    namespace = uuid.uuid5(uuid.NAMESPACE_DNS, host.lower())
    for payload, kind in ((profile, "profile"), (profile["PayloadContent"][0], "mail")):
        assert payload["PayloadUUID"] == str(uuid.uuid5(namespace, f"apple-pop-{kind}\n{address}")).upper()
