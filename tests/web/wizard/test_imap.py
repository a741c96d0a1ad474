"""The same on every device: the way with IMAP, from the first page to the last."""

from __future__ import annotations

import pytest

from tests.support.client import PageLintingClient, parse, text_of
from tests.web.wizard.walk import CLEARING, GUIDE, PLAIN, SEVERAL, follow, refused, walk

IMAP, POP = "/?protocol=imap", "/?protocol=pop3"
TO_POP = 'name="switch" value="pop3"'


def begun(client: PageLintingClient, program: str = "thunderbird:windows") -> None:
    """Come by the link to IMAP on the first page, and answer up to the guide."""
    page = follow(client, client.submit(client.get("/"), {"switch": "imap"}))
    assert TO_POP in page.text
    assert client.submit(page, {"email_address": "anna@gmx.de"}).status_code == 303
    assert walk(client, ("program", {"program": program}), PLAIN[2]) == GUIDE


def steps_of(client: PageLintingClient, address: str = "/guide/all") -> str:
    return text_of(next(parse(client.get(address).text).iter("main")))


@pytest.mark.parametrize("program", ["thunderbird:windows", "apple-mail:mac", "gmail-app:android"])
def test_leads_from_the_first_page_to_a_guide_with_imap(client: PageLintingClient, program: str) -> None:
    begun(client, program)
    page = follow(client, client.get("/guide"))
    assert 'data-journey="guide"' in page.text
    words = steps_of(client)
    assert "imap.gmx.net" in words or "IMAP" in words
    assert "pop.gmx.net" not in words
    assert "/finish/" not in page.text
    done = text_of(next(parse(client.get("/done").text).iter("main")))
    assert "ist jetzt auf diesem Gerät" in done
    assert client.get("/finish").headers["Location"].startswith(f"{GUIDE}/"), "where they were"


def test_a_mistake_in_the_address_does_not_lose_the_way(client: PageLintingClient) -> None:
    page = client.submit(client.get(IMAP), {"email_address": "anna"})
    assert TO_POP in follow(client, page).text
    refused(client, "address", {"email_address": "anna"})
    assert TO_POP not in client.get(POP).text


def test_who_turns_to_imap_and_back_keeps_what_they_have_typed(client: PageLintingClient) -> None:
    for typed in ("anna@gmx.de", "anna", ""):
        page = client.submit(client.get("/"), {"email_address": typed, "switch": "imap"})
        assert page.headers["Location"] == IMAP
        page = follow(client, page)
        assert TO_POP in page.text
        assert f'value="{typed}" placeholder' in page.text
        assert 'aria-invalid="true"' not in page.text, "nothing is wrong yet"


def test_what_a_device_fetches_and_deletes_is_asked_of_nobody_with_imap(client: PageLintingClient) -> None:
    walk(client, *PLAIN, *CLEARING, *SEVERAL)
    assert walk(client, ("protocol", {"protocol": "imap"})) == "/adjust?changed=protocol"
    page = client.get("/adjust")
    assert "IMAP: auf allen Geräten dasselbe" in page.text
    assert "/adjust/retention" not in page.text
    assert "/adjust/devices" not in page.text
    assert client.get("/adjust/retention").headers["Location"] == GUIDE
    walk(client, ("protocol", {"protocol": "pop3"}))
    assert "/adjust/devices" in client.get("/adjust").text


def test_the_word_on_several_devices_leads_to_imap_with_one_press(client: PageLintingClient) -> None:
    walk(client, *PLAIN, SEVERAL[0])
    page = client.get("/adjust/devices")
    assert client.submit(page, form="Mit IMAP einrichten").headers["Location"] == "/adjust?changed=protocol"
    assert "imap" in steps_of(client).lower()


def test_the_second_device_takes_the_same_way(client: PageLintingClient) -> None:
    begun(client)
    page = client.submit(client.get("/done"), form="Ja, auch einrichten")
    assert page.headers["Location"] == "/setup/program?again=1&next=1"
    asked = follow(client, page)
    assert "Ihr nächstes Gerät" in text_of(next(parse(asked.text).iter("main")))
    asked = client.get("/setup/program?system=iphone&again=1&next=1")
    assert [link.get("href") for link in parse(asked.text).iter("a") if text_of(link) == "Zurück"] == ["/done"]
    onward = client.submit(asked, {"program": "apple-mail:iphone"}).headers["Location"]
    assert onward == GUIDE, "the switch at the provider is on already"
    assert "IMAP" in steps_of(client)


def test_who_has_set_up_pop_reads_what_imap_does_with_it_and_is_led_to_the_next_device(
    client: PageLintingClient,
) -> None:
    walk(client, *PLAIN)
    devices = follow(client, client.submit(client.get("/done"), form="Ja, auch einrichten"))
    changed = client.submit(devices, {"devices": "several"})
    anew = follow(client, client.submit(follow(client, changed), form="Mit IMAP einrichten"))
    words = text_of(next(parse(anew.text).iter("main")))
    assert "Lassen Sie das POP-Konto, wie es ist." in words
    assert "Danach fragen wir nach Ihrem nächsten Gerät." in words
    assert 'href="/advice/back-to-imap"' in anew.text
    assert "Ja, auch einrichten" in client.get("/done").text


def test_a_link_holds_the_way_and_no_file(client: PageLintingClient) -> None:
    begun(client, "apple-mail:iphone")
    page = client.get("/guide/add-account")
    shown = follow(client, client.submit(page, form="Auf dem Handy mitlesen"))
    url = next(link.get("href") for link in parse(shown.text).iter("a") if "/f/" in link.get("href", ""))
    token = url.split("/")[2]
    assert "imap.gmx.net" in steps_of(client, f"/f/{token}/guide/all")
    assert client.get(f"/f/{token}").status_code == 200
    assert client.get(f"/f/{token}/gmx-pop.mobileconfig").status_code == 404


def test_a_program_of_the_command_line_keeps_its_file(client: PageLintingClient) -> None:
    begun(client, "fetchmail:linux")
    assert "/finish/" in client.get("/guide/all").text


def test_the_guide_of_a_program_alone_can_be_read_with_imap(client: PageLintingClient) -> None:
    page = client.get("/guide/add-account?client=apple-mail&system=iphone&protocol=imap")
    assert "protocol=imap" in page.text
    assert "imap.gmx.net" in steps_of(client, "/guide/all?client=apple-mail&system=iphone&protocol=imap")
