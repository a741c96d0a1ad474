"""What the result page shows of a run: plain values for the templates, no request and no queue."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from webapp.account import Retention
from webapp.connection_tests.limits import Allowance
from webapp.connection_tests.progress import Run
from webapp.diagnosis import Diagnosis
from webapp.probe.report import Circle, FailureKind, Mailbox, Protocol, Report, RunState, Stage, Status
from webapp.providers import Certainty, Provider
from webapp.stages import PROTOCOL_LABELS, STAGE_LABELS, STATUS_LABELS, facts, grouped, megabytes
from webapp.text import N_, Message, Translations
from webapp.wizard.answers import Answers

# What the estimate of the first fetch takes for granted, and says so: a slow line, and a request for each message.
LINE_MEGABITS = 10
SECONDS_PER_MESSAGE = 0.1

# Stages of the other kind of encryption, which did not apply.
_ONLY_WHERE_IT_APPLIES = frozenset({"tls", "stls", "starttls"})
_NEEDS_LOGIN = frozenset({"authenticate", "stat", "uidl", "mail", "rcpt", "rset"})


@dataclass(frozen=True, slots=True)
class Line:
    """One stage as a person reads it. `milliseconds` is written out, "" while there is nothing to say."""

    label: str
    status: Status
    status_label: str
    milliseconds: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Server:
    """The stages of one protocol; `state` is that of all together."""

    label: str
    host: str
    port: int
    lines: tuple[Line, ...]
    state: Status


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in the mailbox, and how long the first fetch takes as a mail program does it."""

    messages: str
    number: int
    megabytes: str
    duration: Message


@dataclass(frozen=True, slots=True)
class Headline:
    """How it stands, in one line and one sentence; `kind` is the panel's."""

    title: Message
    text: Message
    kind: str


def headline(run: Run, diagnoses: Iterable[Diagnosis] = (), look_in: int | None = None) -> Headline:
    """Return how the run stands. A failed one is told by its first diagnosis. look_in: of `seconds_to_look`."""
    report = run.report
    if report.circle is not None and run.state in (RunState.RUNNING, RunState.PASSED):
        return _circle_headline(run, report.circle, look_in)
    match run.state:
        case RunState.QUEUED:
            return Headline(Message(N_("Your test is waiting")), Message(N_("It begins by itself.")), "note")
        case RunState.RUNNING:
            return Headline(Message(N_("The test is running")), Message(N_("It takes a few seconds.")), "note")
        case RunState.PASSED:
            if report.login:
                text = N_("Receiving and sending work with your password.")
                return Headline(Message(N_("Everything works")), Message(text), "success")
            text = N_(
                "The servers for receiving and sending can be reached. "
                "Your password was not sent, so we cannot say anything about it."
            )
            return Headline(Message(N_("GMX answers")), Message(text), "success")
        case RunState.FAILED:
            return Headline(next((d.title for d in diagnoses), Message(N_("The test failed"))), Message(""), "danger")
        case RunState.UNKNOWN:
            text = N_("We do not know whether it worked, and we do not repeat it without being asked.")
            return Headline(Message(N_("GMX did not answer the login")), Message(text), "warning")
        case RunState.EXPIRED:
            text = N_("We could not begin in time. Nothing was sent to GMX.")
            return Headline(Message(N_("Your test did not get its turn")), Message(text), "warning")
        case RunState.CANCELLED:
            sent = N_("You ended the test. Your password had been sent by then.")
            unsent = N_("You ended the test. Your password was not sent.")
            return Headline(
                Message(N_("The test was cancelled")), Message(sent if report.password_sent else unsent), "note"
            )
        case _:
            sent = N_("Perhaps the password had been sent by then. We do not repeat the test without being asked.")
            unsent = N_("Your password was not sent. We do not repeat the test without being asked.")
            return Headline(
                Message(N_("The test was interrupted")), Message(sent if report.password_sent else unsent), "warning"
            )


def _circle_headline(run: Run, circle: Circle, look_in: int | None) -> Headline:
    if run.state is RunState.RUNNING:
        return Headline(Message(N_("The full circle is running")), _circle_text(circle, look_in), "note")
    if circle.found:
        text = N_("Your test mail was sent and has arrived. Sending and receiving work.")
        return Headline(Message(N_("The circle is closed")), Message(text), "success")
    text = N_("Login and sending work. We just did not see the test mail in the inbox in time.")
    return Headline(Message(N_("Not proved: look into the spam folder")), Message(text), "warning")


def _circle_text(circle: Circle, look_in: int | None) -> Message:
    if look_in is None:
        return Message(N_("It takes a minute and a half at most. You can leave this page open."))
    if circle.looks[0].status is Status.WARNING:
        one = N_("The test mail is not there yet. We look once more in %(number)s second.")
        many = N_("The test mail is not there yet. We look once more in %(number)s seconds.")
    else:
        one = N_("The test mail is on its way. We look for it in %(number)s second.")
        many = N_("The test mail is on its way. We look for it in %(number)s seconds.")
    return Message(one, {"number": look_in}, many)


def seconds_to_look(run: Run, now: float) -> int | None:
    """Return in how many seconds a full circle looks for its mail, rounded up to 5; None where it does not wait."""
    circle = run.report.circle
    if circle is None or run.state is not RunState.RUNNING:
        return None
    due = next((look.detail["due"] for look in circle.looks if "due" in look.detail), None)
    left = due - now if isinstance(due, int) else 0
    return math.ceil(left / 5) * 5 if left > 0 else None


def circle_lines(report: Report, translations: Translations, locale: str) -> tuple[Line, ...]:
    """Return the stages of a full circle with their words."""
    return tuple(_line(stage, translations, locale) for stage in report.circle.stages) if report.circle else ()


def servers(report: Report, translations: Translations, locale: str) -> tuple[Server, ...]:
    """Return the stages of both protocols with their words; what did not apply is left out."""
    shown = []
    for protocol in Protocol:
        stages = [stage for stage in report.stages if stage.protocol is protocol and _applies(stage, report)]
        if stages:
            lines = tuple(_line(stage, translations, locale) for stage in stages)
            label = translations.gettext(PROTOCOL_LABELS[protocol])
            shown.append(Server(label, stages[0].host, stages[0].port, lines, _of_all(stages)))
    return tuple(shown)


def _applies(stage: Stage, report: Report) -> bool:
    """Leave out the other kind of encryption, and what needs a login where none was wanted."""
    if stage.stage == "rset" and report.circle is not None:
        return False  # the mail follows instead
    if stage.status is not Status.SKIPPED:
        return report.login or stage.status is not Status.PENDING or stage.stage not in _NEEDS_LOGIN
    return stage.stage not in _ONLY_WHERE_IT_APPLIES and (report.login or stage.stage not in _NEEDS_LOGIN)


def _line(stage: Stage, translations: Translations, locale: str) -> Line:
    time = "" if stage.milliseconds is None else f"{grouped(round(stage.milliseconds), locale)} ms"
    return Line(
        label=translations.gettext(STAGE_LABELS[stage.stage]),
        status=stage.status,
        status_label=translations.gettext(STATUS_LABELS[stage.status]),
        milliseconds=time,
        facts=facts(stage, translations, locale),
    )


def _of_all(stages: list[Stage]) -> Status:
    found = {stage.status for stage in stages}
    if Status.FAILED in found:
        return Status.FAILED
    if Status.RUNNING in found:
        return Status.RUNNING
    if Status.PENDING in found:
        return Status.PENDING if found == {Status.PENDING} else Status.RUNNING
    return Status.PASSED if Status.PASSED in found or Status.WARNING in found else Status.SKIPPED


def unchecked(report: Report, translations: Translations) -> tuple[str, ...]:
    """Return what a failure kept from being tested, protocol by protocol, such as “Sending (SMTP): Log in”."""
    told = []
    for protocol in Protocol:
        skipped = [
            translations.gettext(STAGE_LABELS[stage.stage])
            for stage in report.stages
            if stage.protocol is protocol and stage.status is Status.SKIPPED and _applies(stage, report)
        ]
        if skipped:
            told.append(f"{translations.gettext(PROTOCOL_LABELS[protocol])}: {', '.join(skipped)}")
    return tuple(told)


def waiting(mailbox: Mailbox | None, locale: str) -> Waiting | None:
    """Return what STAT said, in words; None where nothing waits or nobody knows."""
    if mailbox is None or mailbox.messages == 0:
        return None
    return Waiting(
        messages=grouped(mailbox.messages, locale),
        number=mailbox.messages,
        megabytes=megabytes(mailbox.octets, locale),
        duration=_duration(first_fetch_seconds(mailbox)),
    )


def first_fetch_seconds(mailbox: Mailbox) -> float:
    """Estimate the first fetch: every octet over a line of LINE_MEGABITS, and one request for every message."""
    return mailbox.octets * 8 / (LINE_MEGABITS * 1_000_000) + mailbox.messages * SECONDS_PER_MESSAGE


def _duration(seconds: float) -> Message:
    if seconds < 60:
        return Message(N_("less than a minute"))
    if seconds < 5400:
        number = math.ceil(seconds / 60)
        return Message(N_("about %(number)s minute"), {"number": number}, N_("about %(number)s minutes"))
    number = math.ceil(seconds / 3600)
    return Message(N_("about %(number)s hour"), {"number": number}, N_("about %(number)s hours"))


def deletion(mailbox: Mailbox | None, retention: Retention, locale: str) -> Message | None:
    """Return what the first fetch would delete at the provider, as the person chose; None where nothing."""
    if mailbox is None or mailbox.messages == 0:
        return None
    days = retention.days_to_leave_messages_on_server
    values: Mapping[str, str | int] = {"number": mailbox.messages, "count": grouped(mailbox.messages, locale)}
    if not retention.leave_messages_on_server:
        one = N_("%(count)s message will be deleted at GMX after it was fetched. Do you want that?")
        many = N_("%(count)s messages will be deleted at GMX after they were fetched. Do you want that?")
        return Message(one, values, many)
    if days is not None:
        one = N_("%(count)s message will be deleted at GMX %(days)s days after it was fetched. Do you want that?")
        many = N_("%(count)s messages will be deleted at GMX %(days)s days after they were fetched. Do you want that?")
        return Message(one, {**values, "days": days}, many)
    return None


def other_provider(answers: Answers, providers: Mapping[str, Provider]) -> Provider | None:
    """Return the other platform of the same name, where the domain of the address does not decide."""
    own = providers.get(answers.provider_id or "")
    if own is None or answers.certainty == Certainty.CERTAIN:
        return None
    return next((p for p in providers.values() if p.id != own.id and p.name == own.name), None)


def login_refused(report: Report) -> bool:
    """Whether the server for receiving refused user name or password; in a full circle it had taken them before."""
    return report.circle is None and any(
        stage.protocol is Protocol.POP3 and stage.failure and stage.failure.kind is FailureKind.AUTHENTICATION_FAILED
        for stage in report.failures()
    )


def seconds_ago(run: Run, now: float) -> int | None:
    """Return how old the result of a shared run is; None for a run of one person, or one that has not ended."""
    return max(0, int(now - run.ended_at)) if run.shared and run.ended and run.ended_at is not None else None


def attempts(allowance: Allowance | None) -> Message | None:
    """Return how many login tests are left; None where nobody knows."""
    if allowance is None:
        return None
    one, many = N_("You can test the login %(number)s more time."), N_("You can test the login %(number)s more times.")
    if allowance.left:
        return Message(one, {"number": allowance.left}, many)
    return Message(N_("You cannot test the login at the moment."))


def etag(run: Run, position: int, locale: str, look_in: int | None = None) -> str:
    """Return what changes whenever the page does."""
    return f"{run.state.value}-{run.sequence}-{position}-{look_in}-{locale}"
