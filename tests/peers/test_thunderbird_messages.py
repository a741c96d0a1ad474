"""Every text that the installed Thunderbird can show on mail leads to its cause, in both languages.

A release with a new text fails here and names it: it gets an entry under its key, or a reason below.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.support.thunderbird_strings import strings, version, with_names
from webapp.core import diagnosis
from webapp.core.diagnosis.messages import causes, search

pytestmark = [pytest.mark.peers, pytest.mark.usefixtures("thunderbird_is_here")]

CATALOGUE = Path(diagnosis.__file__).parent / "messages"
ENTRIES = [
    entry
    for name in ("thunderbird", "nss")  # NSS is its library for encryption
    for entry in tomllib.loads((CATALOGUE / f"{name}.toml").read_text("utf-8"))["message"]
]
CAUSES = {key: entry["causes"].split() for entry in ENTRIES for key in entry.get("keys", "").split()}

NO_FAULT = {
    "a field of a form": """account-hub-address-book-name-error-text account-hub-address-book-username-error-text
        account-hub-email-error-text account-hub-local-error-text account-hub-max-results-error-text
        account-hub-name-error-text account-hub-port-error-text account-hub-port-error-text.title
        account-hub-server-error-text account-hub-username-error-text account-hub-username-error-text.title""",
    "a button or a title": """mailServerLoginFailedEnterNewPasswordButton mailServerLoginFailedRetryButton
        pop3DeleteFolderButtonLabel pop3DeleteFolderDialogTitle pop3ErrorDialogTitle pop3MoveFolderToTrash""",
    "it works": "smtpDeliveringMail smtpMailSent",
    "of news or add-ons": "sendFailedButNntpOk account-hub-addon-error",
}
NO_FAULT["of keys, lists and cards of one's own"] = (Path(__file__).parent / "no_fault" / "nss.txt").read_text()
REASONS = {key: reason for reason, keys in NO_FAULT.items() for key in keys.split()}


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_text_has_a_cause_or_a_reason(language: str) -> None:
    unknown = set(strings(language)) - set(CAUSES) - set(REASONS)
    assert not unknown, f"{version()} says something new: {sorted(unknown)}"


@pytest.mark.parametrize("name", ["…", "pop.gmx.net"])
@pytest.mark.parametrize("language", ["de", "en"])
def test_every_text_finds_its_cause_first(language: str, name: str) -> None:
    named = {
        key: text for key, text in strings(language).items() if key in CAUSES and (name == "…" or not key.isupper())
    }
    said = {key: with_names(text, name) for key, text in named.items()}
    found = {key: next(iter(causes(search(text, "thunderbird"))), None) for key, text in said.items()}
    wrong = {key: (said[key], cause) for key, cause in found.items() if cause not in CAUSES[key]}
    assert not wrong, f"{version()}: {len(said) - len(wrong)} of {len(said)}"
