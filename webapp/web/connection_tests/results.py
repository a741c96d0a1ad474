"""View model of the result page: plain values from a run, without request or queue."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from webapp.connection_tests.progress import Run
from webapp.core.account import Retention
from webapp.core.diagnosis import Diagnosis, explain, report_to_text
from webapp.core.probe import KINDS, Circle, FailureKind, Mailbox, Protocol, Report, RunState, Stage, Status
from webapp.core.providers import Certainty, Provider
from webapp.core.stages import CIRCLE_LABEL, PROTOCOL_LABELS, STAGE_LABELS, STATUS_LABELS, facts, grouped, megabytes
from webapp.core.terminal import circle_mail
from webapp.core.text import N_, Message, Translations, translations_for
from webapp.infrastructure.limits import Allowance
from webapp.web.wizard.answers import Answers

# Assumptions of the estimate of the first fetch, shown with it: a slow line, one request per message.
LINE_MEGABITS = 10
SECONDS_PER_MESSAGE = 0.1


@dataclass(frozen=True, slots=True)
class Line:
    """One stage. milliseconds: with unit, or ""."""

    label: str
    status: Status
    status_label: str
    milliseconds: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Server:
    """The stages of one protocol and their combined state."""

    label: str
    host: str
    port: int
    lines: tuple[Line, ...]
    state: Status


@dataclass(frozen=True, slots=True)
class Waiting:
    """The messages in the mailbox and the estimated duration of the first fetch."""

    messages: str
    number: int
    megabytes: str
    duration: Message


@dataclass(frozen=True, slots=True)
class Headline:
    """Title and text of the panel; `kind` is its style."""

    title: Message
    text: Message
    kind: str


def result(run: Run, report: Report, provider: Provider | None, locale: str, now: float) -> dict[str, object]:
    """Return the template variables of a run. report: that of the run, for this person."""
    translations = translations_for(locale)
    diagnoses = explain(report, provider) if run.ended else ()
    shown = servers(report, translations, locale)
    return {
        "run": run,
        "report": report,
        "provider": provider,
        "diagnoses": diagnoses,
        "headline": headline(run, diagnoses, seconds_to_look(run, now)),
        "circle_lines": circle_lines(report, translations, locale),
        "circle_label": CIRCLE_LABEL,
        "circle_mail": circle_mail(report.circle.sent) if report.circle and report.circle.sent is not False else "",
        "servers": shown,
        "unchecked": unchecked(shown) if run.state is RunState.FAILED else (),
        "waiting": waiting(report.mailbox, locale),
        "line_megabits": LINE_MEGABITS,
        "text": report_to_text(report, diagnoses, locale) if run.ended else "",
        "seconds_ago": seconds_ago(run, now),
    }


def headline(run: Run, diagnoses: Iterable[Diagnosis] = (), look_in: int | None = None) -> Headline:
    """Return the headline; of a failed run the first diagnosis. look_in: from `seconds_to_look`."""
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
            return Headline(Message(N_("%(provider)s answers")), Message(text), "success")
        case RunState.FAILED:
            return Headline(next((d.title for d in diagnoses), Message(N_("The test failed"))), Message(""), "danger")
        case RunState.UNKNOWN:
            text = N_("We do not know whether it worked, and we do not repeat it without being asked.")
            return Headline(Message(N_("%(provider)s did not answer the login")), Message(text), "warning")
        case RunState.EXPIRED:
            text = N_("We could not begin in time. Nothing was sent to %(provider)s.")
            return Headline(Message(N_("Your test did not get its turn")), Message(text), "warning")
        case RunState.CANCELLED:
            sent = N_("You ended the test. Your password had been sent by then.")
            unsent = N_("You ended the test. Your password was not sent.")
            text = sent if report.password_sent else unsent
            return Headline(Message(N_("The test was cancelled")), Message(text), "note")
        case _:
            sent = N_("Perhaps the password had been sent by then. We do not repeat the test without being asked.")
            unsent = N_("Your password was not sent. We do not repeat the test without being asked.")
            text = sent if report.password_sent else unsent
            return Headline(Message(N_("The test was interrupted")), Message(text), "warning")


def _circle_headline(run: Run, circle: Circle, look_in: int | None) -> Headline:
    if run.state is RunState.RUNNING:
        return Headline(Message(N_("We are waiting for the test mail")), _circle_text(circle, look_in), "note")
    if circle.found:
        text = N_("Your test mail was sent and has arrived. Sending and receiving work.")
        return Headline(Message(N_("The test mail has arrived")), Message(text), "success")
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
    """Return the seconds until a full circle looks for its mail, rounded up to 5; None if it does not wait."""
    circle = run.report.circle
    if circle is None or run.state is not RunState.RUNNING:
        return None
    due = next((look.detail["due"] for look in circle.looks if "due" in look.detail), None)
    left = due - now if isinstance(due, int) else 0
    return math.ceil(left / 5) * 5 if left > 0 else None


def circle_lines(report: Report, translations: Translations, locale: str) -> tuple[Line, ...]:
    return tuple(_line(stage, translations, locale) for stage in report.circle.stages) if report.circle else ()


def servers(report: Report, translations: Translations, locale: str) -> tuple[Server, ...]:
    """Return the applicable stages of both protocols."""
    shown = []
    for protocol in Protocol:
        stages = [stage for stage in report.stages if stage.protocol is protocol and _applies(stage, report)]
        if stages:
            lines = tuple(_line(stage, translations, locale) for stage in stages)
            label = translations.gettext(PROTOCOL_LABELS[protocol])
            shown.append(Server(label, stages[0].host, stages[0].port, lines, _of_all(stages)))
    return tuple(shown)


def _applies(stage: Stage, report: Report) -> bool:
    """False for the other kind of encryption, and for stages after login in a test without one."""
    if stage.stage == "rset" and report.circle is not None:
        return False  # the mail follows instead
    kind = KINDS[stage.protocol][stage.stage]
    wanted = report.login or not kind.needs_login
    if stage.status is Status.SKIPPED:
        return wanted and not kind.conditional
    return wanted or stage.status is not Status.PENDING


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


def unchecked(shown: Iterable[Server]) -> tuple[str, ...]:
    """Return the skipped stages by protocol, such as “Sending (SMTP): Log in”."""
    skipped = {one.label: [line.label for line in one.lines if line.status is Status.SKIPPED] for one in shown}
    return tuple(f"{label}: {', '.join(stages)}" for label, stages in skipped.items() if stages)


def waiting(mailbox: Mailbox | None, locale: str) -> Waiting | None:
    """Return the answer to STAT; None if the mailbox is empty or unknown."""
    if mailbox is None or mailbox.messages == 0:
        return None
    return Waiting(
        messages=grouped(mailbox.messages, locale),
        number=mailbox.messages,
        megabytes=megabytes(mailbox.octets, locale),
        duration=_duration(first_fetch_seconds(mailbox)),
    )


def first_fetch_seconds(mailbox: Mailbox) -> float:
    """Estimate the first fetch by LINE_MEGABITS and SECONDS_PER_MESSAGE."""
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
    """Return what the first fetch would delete at the provider, or None."""
    if mailbox is None or mailbox.messages == 0:
        return None
    days = retention.days_to_leave_messages_on_server
    values: Mapping[str, str | int] = {"number": mailbox.messages, "count": grouped(mailbox.messages, locale)}
    if not retention.leave_messages_on_server:
        one = N_("%(count)s message will be deleted at %(provider)s after it was fetched. Do you want that?")
        many = N_("%(count)s messages will be deleted at %(provider)s after they were fetched. Do you want that?")
        return Message(one, values, many)
    if days is not None:
        one = N_(
            "%(count)s message will be deleted at %(provider)s %(days)s days after it was fetched. Do you want that?"
        )
        many = N_(
            "%(count)s messages will be deleted at %(provider)s %(days)s days after they were fetched. "
            "Do you want that?"
        )
        return Message(one, {**values, "days": days}, many)
    return None


def other_provider(answers: Answers, providers: Mapping[str, Provider]) -> Provider | None:
    """Return the other platform of the same name if the domain of the address is ambiguous."""
    own = providers.get(answers.provider_id or "")
    if own is None or answers.certainty == Certainty.CERTAIN:
        return None
    return next((p for p in providers.values() if p.id != own.id and p.name == own.name), None)


def login_refused(report: Report) -> bool:
    """Whether POP3 refused user name or password; never in a full circle, which follows a login that passed."""
    return report.circle is None and any(
        stage.protocol is Protocol.POP3 and stage.failure and stage.failure.kind is FailureKind.AUTHENTICATION_FAILED
        for stage in report.failures()
    )


def seconds_ago(run: Run, now: float) -> int | None:
    """Return the age of a shared result in seconds; None for other runs."""
    return max(0, int(now - run.ended_at)) if run.shared and run.ended and run.ended_at is not None else None


def attempts(allowance: Allowance | None) -> Message | None:
    """Return how many login tests are left; None if unknown."""
    if allowance is None:
        return None
    one, many = N_("You can test the login %(number)s more time."), N_("You can test the login %(number)s more times.")
    if allowance.left:
        return Message(one, {"number": allowance.left}, many)
    if allowance.over:
        return Message(N_("We do not test this mailbox any more today."))
    return Message(N_("You cannot test the login at the moment."))
