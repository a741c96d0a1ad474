"""What the core says with providers that are not GMX: diagnoses, guides, files, the test mail, and every text."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from urllib.parse import quote

import pytest

from tests.project.test_translations import LANGUAGES, msgids_in_the_source, translated
from tests.support.other_providers import Walk, said, says_gmx, told_by, walks
from webapp.core.account import FETCH_AND_DELETE, KEEP_FOREVER, MailAccount, Retention, Username
from webapp.core.clients import CLIENTS, Client, Export, ExportOptions
from webapp.core.diagnosis import CATALOGUE, Diagnosis
from webapp.core.guides import SOURCES, Context, Drawing, guide
from webapp.core.guides.drawings import alternative_text, svg
from webapp.core.probe import Vantage, planned
from webapp.core.probe.circle import compose
from webapp.core.providers import Provider
from webapp.core.text import InputError, Message, locales, translations_for


@pytest.fixture(params=walks(), ids=lambda walk: walk.provider.id)
def walk(request: pytest.FixtureRequest) -> Walk:
    found: Walk = request.param
    return found


def every_text(told: Diagnosis) -> tuple[Message, ...]:
    return (told.title, told.why, *told.advice, told.say, told.ask)


@pytest.mark.parametrize("locale", locales())
def test_every_diagnosis_names_the_provider(walk: Walk, locale: str) -> None:
    for entry in CATALOGUE.values():
        told = entry.for_provider(walk.provider)
        assert told.advice, entry.id
        for message in every_text(told):
            assert says_gmx(said(message, locale)) == [], entry.id


def test_no_diagnosis_sends_to_a_switch_or_port_that_is_not_there(walk: Walk) -> None:
    ports = {str(server.port) for server in walk.provider.servers}
    for entry in CATALOGUE.values():
        if entry.id in ("only-port-110", "only-port-587"):  # told only where the other port answered
            continue
        text = " ".join(said(message, "en") for message in every_text(entry.for_provider(walk.provider)))
        for port in ("995", "465", "587"):
            assert port not in text.split() or port in ports, entry.id
        assert walk.provider.activation or "POP3 is switched on" not in text, entry.id
        assert walk.provider.by_whole_address or "your whole" not in text.replace("your whole inbox", ""), entry.id


def contexts(client: str, walk: Walk) -> Iterator[Context]:
    names = {"macos": "mac", "ios": "iphone"}
    systems = [names.get(name, name) for name in CLIENTS[client].systems]
    for way, system, keep, two_factor, profile in product(
        SOURCES[client].ways, systems, (KEEP_FOREVER, Retention(True, 14), FETCH_AND_DELETE), ("", "yes"),
        ("existing", "new"),
    ):  # fmt: skip
        for account in (None, walk.provider.account(walk.address, name="Anna", retention=keep)):
            yield Context(client, walk.provider, account, system, way, "", None, keep, two_factor, "datei", profile)


@pytest.mark.parametrize("client", SOURCES)
def test_every_guide_names_the_provider(walk: Walk, client: str) -> None:
    for context in contexts(client, walk):
        found = guide(context)
        assert bool(found.preparation) == bool(
            walk.provider.activation or (walk.provider.app_password and context.two_factor == "yes")
        )
        for locale in locales():
            for text in told_by(found, locale):
                assert says_gmx(text) == [], (client, context.way)


@pytest.mark.parametrize("locale", locales())
def test_every_drawing_shows_the_provider(walk: Walk, locale: str) -> None:
    def translate(message: Message) -> str:
        return message.translated(translations_for(locale))

    shown = set()
    for client in SOURCES:
        for context in contexts(client, walk):
            for step in (*guide(context).preparation, *guide(context).steps):
                drawing = step.picture
                if isinstance(drawing, Drawing) and (client, drawing) not in shown:
                    shown.add((client, drawing))
                    values = replace(context, file_name="datei").drawn
                    window = drawing.shown
                    assert says_gmx(svg(window, drawing.ring, translate, values)) == []
                    assert says_gmx(alternative_text(window, drawing.ring, translate, values)) == []
    assert shown


def texts_of(content: bytes, name: str) -> Iterator[str]:
    if name.endswith(".zip"):
        archive = zipfile.ZipFile(io.BytesIO(content))
        for inner in archive.namelist():
            yield inner
            yield from texts_of(archive.read(inner), inner)
    elif not name.endswith(".png"):
        yield content.decode("utf-8")


def exported(client: Client, account: MailAccount, options: ExportOptions) -> Export | None:
    """Return the file, None where the program cannot do what this provider needs: getmail and a port of its own."""
    try:
        return client.export(account, options)
    except InputError:
        return None


@pytest.mark.parametrize("locale", locales())
@pytest.mark.parametrize("keep", ["forever", "14", "delete"])
def test_every_file_names_the_provider(walk: Walk, locale: str, keep: str) -> None:
    account = walk.provider.account(walk.address, name="Anna", retention=Retention.parse(keep))
    for client in CLIENTS.values():
        for format_ in client.formats:
            made = exported(client, account, ExportOptions(format=format_, locale=locale))
            if made is None:
                continue
            for text in (made.file_name, *texts_of(made.content, made.file_name)):
                assert says_gmx(text) == [], (client.id, format_)
            for note in made.notes:
                assert says_gmx(said(note, locale)) == [], (client.id, format_)


def test_a_file_for_a_user_name_of_its_own_differs_in_the_user_name_alone(walk: Walk) -> None:
    whole = replace(walk.provider, username=Username.ADDRESS).account(walk.address, name="Anna")
    own = walk.provider.account(walk.address, name="Anna")
    for client in CLIENTS.values():
        for format_ in client.formats:
            made, other = (exported(client, account, ExportOptions(format=format_)) for account in (own, whole))
            if made is None or other is None or format_ in ("zip", "qr-png", "qr-svg", "prf"):
                continue
            lines, whole_lines = made.content.decode().splitlines(), other.content.decode().splitlines()
            assert len(lines) == len(whole_lines)
            changed = [(one, two) for one, two in zip(lines, whole_lines, strict=True) if one != two]
            assert bool(changed) == (not walk.provider.by_whole_address), (client.id, format_)
            for one, two in changed:
                two = two.replace(quote(walk.address), own.username).replace("%EMAILADDRESS%", "%EMAILLOCALPART%")
                assert one.replace(walk.address, own.username) == two.replace(walk.address, own.username)


def test_the_test_mail_names_the_provider(walk: Walk) -> None:
    account = walk.provider.account(walk.address)
    mail = compose(account, "0" * 32, planned(account, vantage=Vantage.SERVER, login=True)).decode()
    assert says_gmx(mail) == []


def test_no_text_of_ours_names_gmx_but_in_examples_of_the_command() -> None:
    """What a page, a file or the command may say comes from the texts, their translations and the provider's file."""
    texts = set(msgids_in_the_source())
    for language in LANGUAGES:
        texts.update(text for found in translated(language).values() for _, text in found)
    read_in_tables = {"e-mail, mail, e-mail address, GMX address", "Adresse, E-Mail-Adresse, GMX-Adresse"}
    for text in texts - read_in_tables:
        assert says_gmx(text.replace("anna@gmx.de", "").replace("gmx-pop.", "")) == [], text


def town() -> Provider:
    return replace(walks()[0].provider, name="Stadt Nordlicht")


@pytest.mark.parametrize("locale", locales())
def test_a_name_of_several_words_gets_hyphens_before_a_hyphen_alone(locale: str) -> None:
    whole = " ".join(
        said(message, locale) for entry in CATALOGUE.values() for message in every_text(entry.for_provider(town()))
    )
    assert "Stadt Nordlicht-" not in whole
    assert "Stadt Nordlicht" in whole
    if locale == "de":
        assert "Stadt-Nordlicht-Adresse" in whole
