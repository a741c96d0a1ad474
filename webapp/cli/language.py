"""The language of help texts, usage and click's own messages.

It is known when the command runs, so texts are marked in place and translated here. Click uses gettext with the same
domain as our catalogues.
"""

import gettext
import os
from collections.abc import Sequence
from pathlib import Path

import click

from webapp.core.terminal import chosen_locale
from webapp.core.text import N_, Translations, locales, translations_for

CATALOGUES = Path(__file__).parent.parent / "translations"

# Names for values in help texts.
METAVARS = (
    N_("[OPTIONS]"), N_("COMMAND [ARGS]..."), N_("ADDRESS"), N_("[ADDRESS]"), N_("[CLIENT]"), N_("CLIENT"),
    N_("TEXT"), N_("FILE"), N_("NAME"), N_("KEEP"), N_("PORT"), N_("FORMAT"), N_("HOST"), N_("SHELL"), N_("URL"),
    N_("LOGIN"), N_("[ID|FILE]"),
)  # fmt: skip

# Click's own messages. A test compares them with click's source.
WORDS_OF_CLICK = (
    N_("Usage:"), N_("Options"), N_("Commands"), N_("Positional arguments"), N_("Aborted!"), N_("Error: {message}"),
    N_("Try '{command} {option}' for help."), N_("Show this message and exit."), N_("Show the version and exit."),
    N_("%(prog)s, version %(version)s"), N_("Missing command."), N_("Missing argument"), N_("Missing option"),
    N_("Missing parameter"), N_("Missing parameter: {param_name}"), N_("Missing {param_type}"),
    N_("No such command {name!r}."), N_("No such option {name!r}."), N_("Did you mean {possibility}?"),
    N_("(Did you mean one of: {possibilities}?)"), N_("Got unexpected extra argument ({args})"),
    N_("Got unexpected extra arguments ({args})"), N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"), N_("Option {name!r} does not take a value."),
    N_("Option {name!r} requires an argument."), N_("Option {name!r} requires {nargs} arguments."),
    N_("Could not open file {filename!r}: {message}"), N_("unknown error"), N_("Choose from:\n\t{choices}"),
    N_("Choice({choices})"),
    N_("{value!r} is not {choice}."), N_("{value!r} is not one of {choices}."),
    N_("{value!r} is not a valid {number_type}."), N_("{value} is not in the range {range}."),
    N_("{name} {filename!r} does not exist."), N_("{name} {filename!r} is a directory."),
    N_("{name} {filename!r} is a file."), N_("{name} {filename!r} is not readable."),
    N_("{name} {filename!r} is not writable."), N_("{name} {filename!r} is not executable."),
    N_("file"), N_("directory"), N_("path"), N_("default: {default}"), N_("required"), N_("env var: {var}"),
    N_("(dynamic)"), N_("deprecated"),
    N_("Couldn't detect Bash version, shell completion is not supported."),
    N_("Shell completion is not supported for Bash versions older than 4.4."),
)  # fmt: skip


def locale_of(arguments: Sequence[str]) -> str:
    """Return the language of an unparsed call: `--locale` anywhere, else the system's."""
    for number, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name == "--locale":
            wanted = value if equals else next(iter(arguments[number + 1 :]), "")
            if wanted in locales():
                return wanted
    return chosen_locale()


def speak(command: click.Command, locale: str) -> None:
    """Translate `command`, its subcommands and click's messages in place."""
    os.environ["LANGUAGE"] = locale  # gettext looks here first
    gettext.bindtextdomain("messages", str(CATALOGUES))
    gettext.textdomain("messages")
    _translate(command, translations_for(locale))


def _translate(command: click.Command, translations: Translations) -> None:
    command.help = _with_examples_kept(_text(command.help, translations))
    command.options_metavar = _text(command.options_metavar, translations)
    for parameter in command.params:
        if isinstance(parameter.type, click.Path):  # was named when it was made, before the language was known
            parameter.type.name = translations.gettext(parameter.type.name)
        parameter.metavar = _text(parameter.metavar or _own_metavar(parameter), translations)
        if isinstance(parameter, click.Option):
            parameter.help = _text(parameter.help, translations)
    if isinstance(command, click.Group):
        command.subcommand_metavar = _text(command.subcommand_metavar, translations) or ""
        for name in command.commands:
            _translate(command.commands[name], translations)


def _own_metavar(parameter: click.Parameter) -> str | None:
    """Return click's default metavar of an argument without choices."""
    if isinstance(parameter, click.Argument) and not isinstance(parameter.type, click.Choice):
        return (parameter.name or "").upper()
    return None


def _with_examples_kept(text: str | None) -> str | None:
    """Mark indented paragraphs, so that click does not rewrap them."""
    paragraphs = (text or "").split("\n\n")
    return "\n\n".join(f"\b\n{paragraph}" if paragraph.startswith(" ") else paragraph for paragraph in paragraphs)


def _text(text: str | None, translations: Translations) -> str | None:
    return translations.gettext(text) if text else text
