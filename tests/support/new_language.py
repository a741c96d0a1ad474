"""Walks a language that was added as one folder through everything that is written for everybody at once.

Runs as a program in a copy of the code: `python -m tests.support.new_language FOLDER`.
"""

from __future__ import annotations

import io
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from webapp import create_app
from webapp.core.account import MailAccount
from webapp.core.bulk import read_table
from webapp.core.clients import CLIENTS, ExportOptions
from webapp.core.probe import Vantage, planned
from webapp.core.probe.circle import compose
from webapp.core.providers import load
from webapp.core.stages import _day, grouped, megabytes
from webapp.core.terminal import says_yes
from webapp.core.text import locales
from webapp.infrastructure.config import Config
from webapp.translations.compile import compile_all
from webapp.web.check_file.building import check_file

LOCALE = "fr"
SAID = {
    "yes": "oui",
    "1,234.5": "1\N{NO-BREAK SPACE}234,5",
    "{day} {month_name} {year}": "{day:02}/{month:02}/{year}",
    "e-mail, mail, e-mail address, GMX address": "adresse électronique",
    "program, e-mail program, mail program": "logiciel",
    "Classic Outlook was not found.": "Outlook classique & introuvable.",
    "This site has another address": "Ce site a une autre adresse",
    "Test mail: you may delete it": "Courriel d'essai",
}


def add_language(translations: Path) -> None:
    """Make the folder of the language: every text of German's says itself in English, but for `SAID`."""
    target = translations / LOCALE / "LC_MESSAGES"
    target.mkdir(parents=True)
    for path in (translations / "de" / "LC_MESSAGES").glob("*.po"):
        with path.open("rb") as file:
            german = read_po(file, locale="de")
        made = Catalog(locale=LOCALE)
        for message in german:
            if message.id:
                said = message.id if isinstance(message.id, tuple) else SAID.get(message.id, message.id)
                made.add(message.id, said, context=message.context)
        with (target / path.name).open("wb") as file:
            write_po(file, made)
    compile_all(translations)


def account() -> MailAccount:
    return load()["gmx.net"].account("anna@gmx.de")


def main() -> None:
    folder = Path(sys.argv[1])
    assert locales() == ("de", "en", LOCALE)

    assert (grouped(1284, LOCALE), megabytes(2_500_000, LOCALE)) == ("1\N{NO-BREAK SPACE}284", "2,5")
    assert _day("2026-11-05", LOCALE) == "05/11/2026"
    assert [says_yes(answer) for answer in ("oui", "O", "ja", "yes", "non")] == [True, True, True, True, False]

    made = CLIENTS["outlook"].export(account(), ExportOptions(format="zip")).content
    starter = zipfile.ZipFile(io.BytesIO(made)).read("GMX-in-Outlook.cmd")
    assert b"echo Outlook classique ^& introuvable.\r\n" in starter
    table = io.BytesIO("Adresse électronique;Logiciel\nanna@gmx.de;thunderbird\n".encode())
    assert [(row["address"], row["client"]) for row in read_table(table).rows()] == [("anna@gmx.de", "thunderbird")]
    assert b"Courriel d'essai" in compose(account(), "0" * 32, planned(account(), vantage=Vantage.SERVER, login=True))
    assert f"webapp/translations/{LOCALE}/LC_MESSAGES/messages.mo".encode() in check_file().content

    app = create_app(Config(data_dir=folder, secret_key="of the tests", trusted_hosts=("pop.example.org",)))
    client = app.test_client()
    bare = client.get("/", base_url="http://elsewhere.example").text
    assert f'<section lang="{LOCALE}"><h2>Ce site a une autre adresse</h2>' in bare
    assert str(datetime.now(UTC).year) not in bare  # nor the head of a catalogue, which knows when it was made
    assert client.get(f"/?lang={LOCALE}").status_code == 200


if __name__ == "__main__":
    main()
