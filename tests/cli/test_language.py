"""The command speaks both languages, wholly."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from babel.messages.extract import extract_from_dir

from webapp.cli import cli
from webapp.cli.language import METAVARS, WORDS_OF_CLICK, locale_of
from webapp.core.text import translations_for

COMMAND = Path(sys.executable).parent / "gmx-pop-wizard"
GERMAN = translations_for("de")

# What click says to programmers only, or in prompts that we do not use.
NOT_SAID = {
    "d", "{editor}: Editing failed", "{editor}: Editing failed: {e}", "Windows error: {error}", "Name '{name}' defined twice",
    "Could not determine name for option with declarations {decls!r}", "Value must be an iterable.",
    "Arguments take exactly one parameter declaration, got {length}: {decls}.",
    "Boolean option {decl!r} cannot use the same flag for true/false.", "Takes {nargs} values but 1 was given.",
    "Takes {nargs} values but {len} were given.", "Confirm the action without prompting.", "Do you want to continue?",
    "Argument {name!r} takes {nargs} values.", "Invalid start character for option ({option})",
    "Error: The two entered values do not match.", "Error: invalid input", "Press any key to continue...",
    "Repeat for confirmation", "Unknown color {colour!r}", "{value!r} is not a valid UUID.",
    "{value!r} is not a valid boolean. Recognized values: {states}", "{len_type} values are required, but {len_value} was given.",
    "{len_type} values are required, but {len_value} were given.", "{value!r} does not match the format {format}.",
    "{value!r} does not match the formats {formats}.", "Unknown standard stream '{name}'",
}  # fmt: skip


def commands(group: click.Group = cli, path: str = "gmx-pop-wizard") -> Iterator[tuple[str, click.Command]]:
    yield path, group
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


ALL = dict(commands())


def call(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("WEBAPP_", "LC_", "LANG"))}
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, env={**clean, **environment})


@pytest.mark.parametrize("path", ALL)
def test_every_help_text_is_there_and_in_german(path: str) -> None:
    """A new command takes its help from `help=N_("…")`, not from a docstring; so does each option."""
    command = ALL[path]
    texts = [command.help, *(p.help for p in command.params if isinstance(p, click.Option) and p.name != "help")]
    for text in texts:
        assert text, f"{path}: a text is missing"
        if text != "Show the version and exit.":
            assert GERMAN.gettext(text) != text, f"{path}: not in German: {text!r}"


@pytest.mark.parametrize("path", ALL)
def test_names_of_values_are_known(path: str) -> None:
    for parameter in ALL[path].params:
        metavar = parameter.metavar
        if metavar and metavar != "ID":
            assert metavar in METAVARS, metavar


def test_what_click_says_is_translated_too() -> None:
    folder = Path(click.__file__).parent
    said: set[str] = set()
    for _file, _line, message, _comments, _context in extract_from_dir(
        folder, [("**.py", "python")], keywords={"_": None, "ngettext": (1, 2)}
    ):
        said.update(message if isinstance(message, tuple) else [message])
    shown = {word for word in said - NOT_SAID if not word.startswith(("DeprecationWarning", "No options defined"))}
    assert shown <= set(WORDS_OF_CLICK)
    assert not {word for word in WORDS_OF_CLICK if not GERMAN.gettext(word)}


@pytest.mark.parametrize("path", ALL)
def test_the_german_help_holds_no_english(path: str) -> None:
    shown = call(*path.split()[1:], "--help", LC_ALL="de_DE.UTF-8")
    assert shown.returncode == 0
    assert shown.stdout.startswith("Aufruf: gmx-pop-wizard")
    english = r"\b(?:Usage|Options|Commands|Show|Write|default|the|and|with|of)\b"
    found = re.findall(english, re.sub(r"gmx-pop-wizard.*|http\S+", "", shown.stdout))
    assert not found, shown.stdout


def test_the_option_wins_over_the_system() -> None:
    assert call("check", "--help", "--locale", "en", LC_ALL="de_DE.UTF-8").stdout.startswith("Usage:")
    assert call("check", "--locale=de", "--help", LC_ALL="en_GB.UTF-8").stdout.startswith("Aufruf:")


def test_an_option_that_names_no_language_leaves_the_system_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    assert locale_of(["check", "--locale", "fr"]) == locale_of(["check", "--locale"]) == "en"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("chek",), "Es gibt keinen Befehl 'chek'. Meinten Sie 'check'?"),
        (("check", "a@gmx.de", "--lgin"), "Es gibt keine Option '--lgin'. Meinten Sie '--login'?"),
        (("check",), "Es fehlt die Angabe 'ADRESSE'."),
        (("export", "--from", "nowhere.csv"), "Datei 'nowhere.csv' gibt es nicht."),
        (("export", "outlook", "a@gmx.de", "--device", "ipod"), "keines von diesen: 'iphone', 'mac'"),
        (("serve", "--port", "0"), "liegt nicht im Bereich 1<=x<=65535"),
        (("export", "outlook"), "Nennen Sie ein E-Mail-Programm und eine Adresse"),
        (("export", "other", "a@gmx.de", "--json"), "--output DATEI"),
    ],
)
def test_a_wrong_call_is_told_in_german_with_a_way_out(arguments: tuple[str, ...], sentence: str) -> None:
    result = call(*arguments, LC_ALL="de_DE.UTF-8")
    assert result.returncode == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_commands_options_and_clients(shell: str) -> None:
    script = call("completion", shell).stdout
    assert "_GMX_POP_WIZARD_COMPLETE" in script
    for words, wanted in (("gmx-pop-wizard ch", "check"), ("gmx-pop-wizard export th", "thunderbird")):
        last = words.split()[-1]
        given = {
            "_GMX_POP_WIZARD_COMPLETE": f"{shell}_complete", "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1) if shell != "fish" else last,
        }  # fmt: skip
        assert wanted in call(**given).stdout
