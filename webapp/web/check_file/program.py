"""The program in `gmx-pop-check.pyz`: the core's connection test on the person's own computer.

Standard library only, Python 3.9 or newer. Interactive when started without an address (double click).
"""

from __future__ import annotations

import argparse
import json
import os
import pkgutil
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NoReturn

from webapp.core import probe
from webapp.core.account import MailAccount, parse_address
from webapp.core.diagnosis import explain, report_to_json
from webapp.core.probe.other_ports import with_other_ports
from webapp.core.providers import Certainty, Finding, Provider
from webapp.core.providers.loading import parse
from webapp.core.terminal import (
    StageTree,
    ask_password,
    chosen_locale,
    found,
    prepare_streams,
    provider_for,
    says_yes,
    write_outcome,
)
from webapp.core.text import N_, InputError, Message, Translations, locales, translations_for

EXIT_PASSED, EXIT_FAILED, EXIT_USAGE, EXIT_CANCELLED = 0, 1, 2, 130
ASKED_MAX = 3  # attempts per question

USAGE = "python3 gmx-pop-check.pyz [ADDRESS] [--login] [--provider ID] [--json] [--full] [--locale LANG]"
HELP = N_(
    """Tests the connection to your mail servers from this computer. No mail is read, deleted or sent.

  ADDRESS         your e-mail address; without it the check asks for what it needs
  --login         log in too: once for receiving, once for sending; asks for the password without showing it
  --provider ID   %(providers)s, where the domain does not decide it
  --json          write the report as JSON
  --full          write the whole address into the JSON; without it the address is shortened
  --locale LANG   language of the texts: %(locales)s
  --help          show this text

Exit code 0: all passed. 1: something failed. 2: the call was wrong."""
)


class _Usage(Exception):  # noqa: N818
    """Invalid arguments; the message is argparse's."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _Usage(message)


@dataclass
class Call:
    """Options, from the command line and from answers."""

    address: str | None = None
    login: bool = False
    provider: str | None = None
    json: bool = False
    full: bool = False
    locale: str | None = None
    help: bool = False


def main() -> int:
    """Run the check; return the exit code: 0 all passed, 1 something failed, 2 usage."""
    prepare_streams()
    asking = len(sys.argv) == 1
    try:
        return _run(sys.argv[1:])
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return EXIT_CANCELLED
    except BrokenPipeError:  # the reader of our output has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    finally:
        if asking and sys.platform == "win32" and sys.stdin is not None and sys.stdin.isatty():
            # After a double click the window would close at once.
            input(translations_for(chosen_locale()).gettext(N_("Press Enter to close the window. ")))


def _run(arguments: list[str]) -> int:
    translations = translations_for(chosen_locale())
    try:
        call = _parsed(arguments)
        translations = translations_for(chosen_locale(call.locale))
        if call.help:
            told = Message(HELP, {"locales": ", ".join(locales()), "providers": ", ".join(providers())})
            sys.stdout.write(f"{USAGE}\n\n{told.translated(translations)}\n")
            return EXIT_PASSED
        return _check(call, translations)
    except _Usage:
        text = translations.gettext(N_("The call was wrong. It works like this:"))
        sys.stderr.write(f"{text}\n  {USAGE}\n")
    except InputError as error:
        sys.stderr.write(error.message.translated(translations) + "\n")
    return EXIT_USAGE


def _parsed(arguments: list[str]) -> Call:
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("address", nargs="?")
    parser.add_argument("--provider")
    parser.add_argument("--locale", choices=locales())
    for name in ("--login", "--json", "--full"):
        parser.add_argument(name, action="store_true")
    parser.add_argument("-h", "--help", action="store_true")
    return parser.parse_args(arguments, namespace=Call())


def _check(call: Call, translations: Translations) -> int:
    known = providers()
    if call.address is None:
        account = _asked_account(call, known, translations)
    else:
        account = provider_for(call.address, call.provider, known, translations).account(call.address)
    provider = known[account.provider_id]
    password = ask_password(account, translations) if call.login else None
    tree = StageTree(translations, sys.stderr if call.json else sys.stdout)
    tls = _tls()
    with tree:
        report = probe.run(
            account,
            vantage=probe.Vantage.THIS_COMPUTER,
            login=call.login,
            password=password,
            tls=tls,
            on_stage=tree.progress,
        )
        report = with_other_ports(report, provider.servers, tls=tls)
    locale = chosen_locale(call.locale)
    shape = report_to_json(report, explain(report, provider), locale, provider, call.full)
    if call.json:
        sys.stdout.write(json.dumps(shape, ensure_ascii=False, indent=2) + "\n")
    else:
        tree.write(report.stages)
        write_outcome(shape, translations, offer_login=call.address is not None)
    sys.stdout.flush()
    return EXIT_PASSED if report.passed else EXIT_FAILED


def providers() -> Mapping[str, Provider]:
    text = (pkgutil.get_data("webapp.web.check_file", "providers.json") or b"").decode("utf-8")
    known = json.loads(text, object_hook=lambda found: date.fromisoformat(found["day"]) if "day" in found else found)
    return {id_: parse(id_, content, id_) for id_, content in known.items()}


def _tls() -> ssl.SSLContext:
    context = probe.tls_context()
    try:
        authorities = pkgutil.get_data("webapp.web.check_file", "authorities.pem")
    except OSError:  # none bundled
        authorities = None
    if authorities:
        context.load_verify_locations(cadata=authorities.decode("ascii"))
    return context


# Questions, without an address


def _asked_account(call: Call, known: Mapping[str, Provider], translations: Translations) -> MailAccount:
    """Ask for address, provider and login; sets them in `call`."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise _Usage
    _ = translations.gettext
    _say(
        _(
            N_(
                "This check tests the connection to your mail servers from this computer. No mail is read, "
                "deleted or sent."
            )
        )
    )
    finding = _asked_finding(known, translations)
    provider = _asked_provider(finding, translations)
    if not call.login:
        _say("")
        text = N_(
            "Do you want the check to log in too? Then it asks for your password and passes it to %(provider)s only."
        )
        _say(Message(text, {"provider": provider.name}).translated(translations))
        call.login = says_yes(_answer(_(N_("Log in? [y/N] "))))
    return provider.account(finding.address)


def _asked_finding(known: Mapping[str, Provider], translations: Translations) -> Finding:
    for left in reversed(range(ASKED_MAX)):
        try:
            return found(parse_address(_answer(translations.gettext(N_("Your e-mail address: ")))), known)
        except InputError as error:
            if not left:
                raise
            _say(error.message.translated(translations))
    raise AssertionError


def _asked_provider(finding: Finding, translations: Translations) -> Provider:
    if finding.certainty is not Certainty.AMBIGUOUS:
        return finding.providers[0]
    _say(translations.gettext(N_("Which website do you use to read your mail?")))
    for number, provider in enumerate(finding.providers, 1):
        _say(f"  {number}  {provider.website}")
    for _ in range(ASKED_MAX):
        answer = _answer(translations.gettext(N_("Its number: ")))
        if answer.isascii() and answer.isdecimal() and 1 <= int(answer) <= len(finding.providers):
            return finding.providers[int(answer) - 1]
    raise _Usage


def _answer(question: str) -> str:
    try:
        return input(question).strip()
    except EOFError:
        raise _Usage from None


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
