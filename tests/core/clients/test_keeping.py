"""What a program declares of mail on the server is what its file does, and what the notes of its file say."""

from __future__ import annotations

import itertools

import pytest

from webapp.core import providers
from webapp.core.account import FETCH_AND_DELETE, KEEP_FOREVER, Retention
from webapp.core.clients import CLIENTS, Export, ExportOptions, SetBy
from webapp.core.clients.base import Keeping
from webapp.web.wizard.forms import RetentionForm

GMX = providers.load()["gmx.net"]
CHOICES = (KEEP_FOREVER, Retention(True, 7), Retention(True, 14), Retention(True, 30), FETCH_AND_DELETE)
WITH_A_FILE = [
    (client.id, device)
    for client in CLIENTS.values()
    if client.formats and client.receives
    for device in (("iphone", "mac") if client.id == "apple-mail" else (None,))
]
WORDS = ("server", "GMX")  # a note that says something of what stays there


def export(client_id: str, device: str | None, keep: Retention) -> Export:
    account = GMX.account("beispiel@gmx.de", retention=keep)
    return CLIENTS[client_id].export(account, ExportOptions(device=device))


@pytest.mark.parametrize(("client_id", "device"), WITH_A_FILE)
def test_the_file_carries_what_the_program_declares(client_id: str, device: str | None) -> None:
    keeping = CLIENTS[client_id].keeping(device)
    carried = [keep for keep in CHOICES if keeping.set_by(keep) is SetBy.FILE]
    files = [export(client_id, device, keep).content for keep in carried]
    for one, other in itertools.combinations(files, 2):
        assert one != other
    staying = export(client_id, device, KEEP_FOREVER).content
    for keep in CHOICES:
        days = keep.days_to_leave_messages_on_server
        if days and keep not in carried and client_id != "other":  # whose text repeats the wish
            assert export(client_id, device, keep).content == staying  # what keeps most mail


@pytest.mark.parametrize("keep", CHOICES, ids=str)
@pytest.mark.parametrize(("client_id", "device"), [pair for pair in WITH_A_FILE if pair[0] != "other"])
def test_what_the_file_cannot_say_stands_in_its_notes(client_id: str, device: str | None, keep: Retention) -> None:
    notes = " ".join(map(str, export(client_id, device, keep).notes))
    said = any(word in notes for word in WORDS)
    assert said == (CLIENTS[client_id].keeping(device).set_by(keep) is not SetBy.FILE), notes


def test_every_number_on_offer_has_a_label() -> None:
    for client in CLIENTS.values():
        for device in (None, "iphone", "mac"):
            assert {str(number) for number in client.keeping(device).numbers} <= set(RetentionForm.options)


def test_a_program_can_always_leave_everything() -> None:
    for client in CLIENTS.values():
        for device in (None, "iphone", "mac"):
            assert client.keeping(device).forever is not SetBy.NOTHING


def test_a_program_without_a_file_declares_none() -> None:
    for client in CLIENTS.values():
        if not client.formats:
            assert SetBy.FILE not in {client.keeping().set_by(keep) for keep in CHOICES}


def test_a_number_of_days_that_is_not_on_offer_is_set_by_nothing() -> None:
    keeping = Keeping(SetBy.PERSON, SetBy.PERSON, numbers=(7,))
    assert keeping.set_by(Retention(True, 7)) is SetBy.PERSON
    assert keeping.set_by(Retention(True, 14)) is SetBy.NOTHING
    assert keeping.set_by(FETCH_AND_DELETE) is SetBy.NOTHING
