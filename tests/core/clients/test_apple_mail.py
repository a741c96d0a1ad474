"""The profile holds what a person typed, and the identifiers that the host and the address make."""

from __future__ import annotations

import plistlib
import uuid

from hypothesis import given
from hypothesis import strategies as st

from webapp.core import providers
from webapp.core.account import parse_name
from webapp.core.clients import CLIENTS, ExportOptions
from webapp.core.text import InputError, locales


@given(
    name=st.text(max_size=64),
    local_part=st.from_regex(r"[a-z0-9&'+=_~-]{1,20}", fullmatch=True),
    locale=st.sampled_from(locales()),
    device=st.sampled_from([None, "iphone", "mac"]),
    organization=st.sampled_from(["", "Verein <Köln> & Co."]),
)
def test_what_a_person_typed_comes_back_from_the_profile(
    name: str, local_part: str, locale: str, device: str | None, organization: str
) -> None:
    try:
        name = parse_name(name)
    except InputError:
        return
    account = providers.load()["gmx.net"].account(f"{local_part}@gmx.de", name=name)
    options = ExportOptions(locale=locale, device=device, host="pop.example.org", organization=organization)
    profile = plistlib.loads(CLIENTS["apple-mail"].export(account, options).content)
    payload = profile["PayloadContent"][0]
    assert payload.get("EmailAccountName", "") == name
    assert payload["EmailAddress"] == f"{local_part}@gmx.de"
    assert profile["PayloadOrganization"] == (organization or "GMX POP setup wizard (pop.example.org)")


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
