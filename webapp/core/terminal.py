"""A connection test on a terminal: locale, password prompt, tree of stages, result.

Standard library only: shared by the command and the single-file check.
"""

from __future__ import annotations

import contextlib
import getpass
import itertools
import locale as system_locale
import os
import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from webapp.core.account import MailAccount
from webapp.core.probe.report import Circle, Stage, Status
from webapp.core.probe.secret import Secret
from webapp.core.providers import Certainty, Finding, Provider, choose, find
from webapp.core.stages import (
    CIRCLE_LABEL,
    FAILURE_LABELS,
    PROTOCOL_LABELS,
    STAGE_LABELS,
    STATUS_LABELS,
    facts,
    megabytes,
)
from webapp.core.text import (
    DEFAULT_LOCALE,
    N_,
    SOURCE_LOCALE,
    InputError,
    Message,
    Translations,
    in_every_language,
    locales,
)  # fmt: skip

CIRCLE_CLOSED = N_("It works: the test mail was sent and has arrived.")
_MARKS = {Status.PASSED: "✓", Status.WARNING: "!", Status.FAILED: "✗", Status.SKIPPED: "–"}
_COLOURS = {Status.PASSED: "32", Status.WARNING: "33", Status.FAILED: "31", Status.SKIPPED: "2"}
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


def chosen_locale(option: str | None = None) -> str:
    """Return the locale of the option, of the environment (LC_ALL, LC_MESSAGES, LANG), or of Windows."""
    environment = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    for value in (option, *environment, _language_of_windows()):
        language = (value or "").partition("_")[0].partition(".")[0].lower()
        if language in locales():
            return language
        if language in ("c", "posix"):
            return SOURCE_LOCALE
    return DEFAULT_LOCALE


def _language_of_windows() -> str | None:
    if sys.platform != "win32":
        return None
    import ctypes

    return system_locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage())


def prepare_streams() -> None:
    """Replace what the terminal's encoding cannot show with a question mark instead of raising."""
    with contextlib.suppress(system_locale.Error):
        system_locale.setlocale(system_locale.LC_CTYPE, "")
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Callable[..., None] | None = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="replace")


def ask_password(account: MailAccount, translations: Translations) -> Secret:
    """Prompt for the password without echo; raises InputError without a terminal."""
    values = {"provider": account.provider_name, "address": account.email_address}
    prompt = Message(N_("%(provider)s password for %(address)s: "), values).translated(translations)
    if sys.stdin is None or not sys.stdin.isatty():
        raise InputError(N_("There is no terminal to ask for the password."))
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return Secret(getpass.getpass(prompt))
        except (getpass.GetPassWarning, EOFError):
            raise InputError(N_("There is no terminal to ask for the password.")) from None
        except UnicodeError:  # an umlaut on an ASCII terminal; the message of the error would show it
            raise InputError(N_("The password contains a character that cannot be used. Type it once more.")) from None


def write_outcome(shape: Mapping[str, Any], translations: Translations, *, offer_login: bool) -> None:
    """Write the result of a report in its JSON shape: diagnoses, mailbox, verdict.

    offer_login: whether to mention `--login`.
    """
    out = sys.stdout
    _ = translations.gettext
    lines = []
    for diagnosis in shape["diagnoses"]:
        lines += [painted("1", diagnosis["title"], out), diagnosis["why"]]
        lines += [f"  {number}. {advice}" for number, advice in enumerate(diagnosis["advice"], 1)]
        lines += [f"  → {diagnosis['see']}"] if diagnosis["see"] else []
        lines.append("")
    if mailbox := shape["mailbox"]:
        waiting = Message(
            N_("%(number)s message is waiting (%(megabytes)s MB). Only the inbox counts."),
            {"number": mailbox["messages"], "megabytes": megabytes(mailbox["octets"], _locale_of(translations))},
            plural=N_("%(number)s messages are waiting (%(megabytes)s MB). Only the inbox counts."),
        )
        lines.append(waiting.translated(translations))
    if not shape["password_sent"]:
        lines.append(_(N_("No password was sent.")))
    if offer_login and not shape["login"]:
        lines.append(_(N_("With --login the check logs in too.")))
    verdict = N_("Everything passed.") if shape["passed"] else N_("Something failed.")
    if circle := shape.get("circle"):
        if circle["found"]:
            lines.append(_(CIRCLE_CLOSED))
        elif shape["passed"]:
            verdict = N_("Nothing failed, but it is not proved.")
        if circle["sent"] is not False:
            lines.append(_(circle_mail(circle["sent"])))
    reference = Message(N_("Reference: %(reference)s"), {"reference": shape["reference"]}).translated(translations)
    out.write("\n".join([*lines, f"{_(verdict)} {reference}", ""]))
    out.flush()


def circle_mail(sent: bool | None) -> str:
    """Return the msgid that says where the test mail is. sent: None for unknown."""
    if sent is None:
        return N_("Perhaps a test mail from yourself is in your mailbox. You may delete it.")
    return N_("The test mail stays in your mailbox. You may delete it.")


def _locale_of(translations: Translations) -> str:
    return str(translations.info().get("language", SOURCE_LOCALE))


def coloured(stream: TextIO) -> bool:
    """Whether `stream` is a terminal with colours and NO_COLOR is not set."""
    return _interactive(stream) and not os.environ.get("NO_COLOR")


def painted(code: str, text: str, stream: TextIO) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if coloured(stream) else text


def _interactive(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb" and (sys.platform != "win32" or _can_paint_windows())


def _can_paint_windows() -> bool:
    """Turn on escape sequences in the Windows 10 console; False where that fails."""
    if sys.platform != "win32":
        return True
    import ctypes

    kernel = ctypes.windll.kernel32
    handle, mode = kernel.GetStdHandle(-11), ctypes.c_ulong()
    enable_virtual_terminal_processing = 0x4
    return bool(
        kernel.GetConsoleMode(handle, ctypes.byref(mode))
        and kernel.SetConsoleMode(handle, mode.value | enable_virtual_terminal_processing)
    )


class StageTree:
    """Writes stages to `stream` as they end; as a context manager, shows a spinner on a terminal."""

    def __init__(self, translations: Translations, stream: TextIO | None = None) -> None:
        self._translations = translations
        self._locale = _locale_of(translations)
        self._stream = stream or sys.stdout
        self.interactive = _interactive(self._stream)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._running = ""
        self._thread: threading.Thread | None = None

    def __enter__(self) -> StageTree:
        if self.interactive:
            self._thread = threading.Thread(target=self._spin, name="spinner", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join()
        self._clear()

    def progress(self, stage: Stage) -> None:
        """Show `stage` next to the spinner; a callback for `probe.run`."""
        if stage.status is Status.RUNNING:
            protocol = self._translations.gettext(PROTOCOL_LABELS[stage.protocol])
            self._running = f"{protocol}: {self._translations.gettext(STAGE_LABELS[stage.stage])}"

    def write(self, stages: tuple[Stage, ...]) -> None:
        """Write the whole tree: each protocol with its server, each stage with status, time and facts."""
        _ = self._translations.gettext
        for protocol, group in itertools.groupby(stages, key=lambda stage: stage.protocol):
            first, *others = group
            self._write_part(_(PROTOCOL_LABELS[protocol]), f"  {first.host}:{first.port}", (first, *others))

    def write_circle(self, circle: Circle) -> None:
        self._write_part(self._translations.gettext(CIRCLE_LABEL), "", circle.stages)

    def _write_part(self, title: str, server: str, stages: tuple[Stage, ...]) -> None:
        width = max(len(self._translations.gettext(label)) for label in STAGE_LABELS.values()) + 2
        lines = [painted("1", title, self._stream) + server, *(self._stage_line(stage, width) for stage in stages), ""]
        self._stream.write("\n".join([*lines, ""]))
        self._stream.flush()

    def _stage_line(self, stage: Stage, width: int) -> str:
        _ = self._translations.gettext
        mark = painted(_COLOURS.get(stage.status, "0"), _MARKS.get(stage.status, "·"), self._stream)
        time = "" if stage.milliseconds is None else f"{stage.milliseconds:.0f} ms"
        label = f"{_(STAGE_LABELS[stage.stage]):{width}}"
        status = f"{_(STATUS_LABELS[stage.status]):14}"
        found = facts(stage, self._translations, self._locale, expert=True)
        kind = stage.failure.kind if stage.failure else None
        failed = (f"{_(FAILURE_LABELS[kind])} ({kind.value})", stage.failure.reply) if stage.failure and kind else ()
        told = " · ".join(filter(None, (*failed, *found)))
        return f"  {mark} {label}{status}{time:>9}  {told}".rstrip()

    def _spin(self) -> None:
        for frame in itertools.cycle(_FRAMES):
            if self._stop.wait(0.1):
                return
            with self._lock:
                self._stream.write(f"\r\x1b[K{frame} {self._running}")
                self._stream.flush()

    def _clear(self) -> None:
        if self.interactive:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


def provider_for(
    address: str, provider_id: str | None, providers: Mapping[str, Provider], translations: Translations
) -> Provider:
    """Return the named provider, or that of the address; reports a guess on standard error."""
    if provider_id is not None:
        return chosen(address, choose(provider_id, providers), providers)
    finding = found(address, providers)
    provider = finding.providers[0]
    if finding.certainty is not Certainty.CERTAIN:
        assumed = Message(
            N_("Taking %(provider)s (%(website)s) for this address. If you read your mail elsewhere: --provider ID"),
            {"provider": provider.id, "website": provider.website},
        )
        sys.stderr.write(assumed.translated(translations) + "\n")
    return provider


def chosen(address: str, provider: Provider, providers: Mapping[str, Provider]) -> Provider:
    """Return `provider`; raises InputError where the domain of the address surely belongs to another one."""
    finding = find(address, providers)
    if finding.certainty is Certainty.CERTAIN and finding.providers[0].id != provider.id:
        text = N_("%(domain)s belongs to %(right)s, not to %(wrong)s: with other servers every login fails.")
        domain = finding.address.partition("@")[2]
        raise InputError(text, domain=domain, right=finding.providers[0].id, wrong=provider.id)
    return provider


def found(address: str, providers: Mapping[str, Provider]) -> Finding:
    """Return the finding for the address; raises InputError where no provider serves it."""
    finding = find(address, providers)
    if not finding.providers:
        text = N_("%(address)s belongs to none of these providers. If it does, name it: --provider ID (%(providers)s)")
        raise InputError(text, address=finding.address, providers=", ".join(providers))
    return finding


def says_yes(answer: str) -> bool:
    """Whether the answer is yes, or its first letter, in any language."""
    agreed = [word.casefold() for word in in_every_language(N_("yes"))]
    return answer.strip().casefold() in (*agreed, *(word[0] for word in agreed))
