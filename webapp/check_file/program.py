"""What runs in `gmx-pop-check.pyz`: the connection test of the core, from the person's own computer.

Standard library only, Python 3.9 or newer. Started without an address, as by a double click, it asks for what it needs.
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

from webapp import probe
from webapp.account import MailAccount, parse_address
from webapp.diagnosis import explain, report_to_json
from webapp.probe.other_ports import with_other_ports
from webapp.providers import Certainty, Finding, Provider, find
from webapp.providers.loading import parse
from webapp.terminal import StageTree, ask_password, chosen_locale, prepare_streams, write_outcome
from webapp.text import N_, InputError, Message, Translations, locales, translations_for

EXIT_PASSED, EXIT_FAILED, EXIT_USAGE, EXIT_CANCELLED = 0, 1, 2, 130
ASKED_MAX = 3  # times that one question is put

USAGE = "python3 gmx-pop-check.pyz [ADDRESS] [--login] [--provider ID] [--json] [--full] [--locale LANG]"
HELP = N_(
    """Tests the connection to GMX from this computer. No mail is read, deleted or sent.

  ADDRESS         your GMX address; without it the check asks for what it needs
  --login         log in too: once for receiving, once for sending; asks for the password without showing it
  --provider ID   gmx.net or gmx.com, where the domain does not decide it
  --json          write the report as JSON
  --full          write the whole address into the JSON; without it the address is shortened
  --locale LANG   language of the texts: de or en
  --help          show this text

Exit code 0: all passed. 1: something failed. 2: the call was wrong."""
)


class _Usage(Exception):  # noqa: N818
    """The call was wrong; the message is argparse's own."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _Usage(message)


@dataclass
class Call:
    """What the person wants: from the command line, and then from the answers to questions."""

    address: str | None = None
    login: bool = False
    provider: str | None = None
    json: bool = False
    full: bool = False
    locale: str | None = None
    help: bool = False


def main() -> int:
    """Run the check; return the exit code: 0 all passed, 1 something failed, 2 the call was wrong."""
    prepare_streams()
    asking = len(sys.argv) == 1
    try:
        return _run(sys.argv[1:])
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return EXIT_CANCELLED
    except BrokenPipeError:  # whoever read our output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    finally:
        if asking and sys.platform == "win32" and sys.stdin is not None and sys.stdin.isatty():
            # Started by a double click: the window would close before anybody has read.
            input(translations_for(chosen_locale()).gettext(N_("Press Enter to close the window. ")))


def _run(arguments: list[str]) -> int:
    translations = translations_for(chosen_locale())
    try:
        call = _parsed(arguments)
        translations = translations_for(chosen_locale(call.locale))
        if call.help:
            sys.stdout.write(f"{USAGE}\n\n{translations.gettext(HELP)}\n")
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
    account = _asked_account(call, known, translations) if call.address is None else _account(call, known, translations)
    provider = known[account.provider_id]
    password = ask_password(account.email_address, translations) if call.login else None
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
    """Return the providers that were in force where this file was built."""
    text = (pkgutil.get_data("webapp.check_file", "providers.json") or b"").decode("utf-8")
    return {
        id_: parse(id_, {**content, "checked": date.fromisoformat(content["checked"])}, id_)
        for id_, content in json.loads(text).items()
    }


def _tls() -> ssl.SSLContext:
    context = probe.tls_context()
    try:
        authorities = pkgutil.get_data("webapp.check_file", "authorities.pem")
    except OSError:  # there is none: the operator has no mail servers of its own
        authorities = None
    if authorities:
        context.load_verify_locations(cadata=authorities.decode("ascii"))
    return context


def _account(call: Call, known: Mapping[str, Provider], translations: Translations) -> MailAccount:
    """Return the account of the address in the call; says on standard error where the provider was assumed."""
    address = call.address or ""
    if call.provider is not None:
        if call.provider not in known:
            raise InputError(
                Message(
                    N_("There is no provider “%(provider)s”. There is: %(providers)s."),
                    {"provider": call.provider, "providers": ", ".join(known)},
                )
            )
        return known[call.provider].account(address)
    finding = _found(address, known)
    provider = finding.providers[0]
    if finding.certainty is not Certainty.CERTAIN:
        assumed = Message(
            N_("Taking %(provider)s (%(website)s) for this address. If you read your mail elsewhere: --provider ID"),
            {"provider": provider.id, "website": provider.website},
        )
        sys.stderr.write(assumed.translated(translations) + "\n")
    return provider.account(address)


def _found(address: str, known: Mapping[str, Provider]) -> Finding:
    finding = find(address, known)
    if not finding.providers:
        raise InputError(
            Message(
                N_("%(address)s is not an address of GMX. If it is, name its provider: --provider gmx.net"),
                {"address": finding.address},
            )
        )
    return finding


# Questions, where no address was given


def _asked_account(call: Call, known: Mapping[str, Provider], translations: Translations) -> MailAccount:
    """Ask for address, provider and whether to log in; fills them into `call`."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise _Usage
    _ = translations.gettext
    _say(_(N_("This check tests the connection to GMX from this computer. No mail is read, deleted or sent.")))
    finding = _asked_finding(known, translations)
    provider = _asked_provider(finding, translations)
    if not call.login:
        _say("")
        _say(_(N_("Do you want the check to log in too? Then it asks for your password and passes it to GMX only.")))
        call.login = _answer(_(N_("Log in? [y/N] "))).lower() in ("y", "yes", "j", "ja")
    return provider.account(finding.address)


def _asked_finding(known: Mapping[str, Provider], translations: Translations) -> Finding:
    for left in reversed(range(ASKED_MAX)):
        try:
            return _found(parse_address(_answer(translations.gettext(N_("Your GMX address: ")))), known)
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
