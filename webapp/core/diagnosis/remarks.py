"""Diagnoses of stages that did not fail."""

from __future__ import annotations

from webapp.core.diagnosis.entry import ON_THIS_COMPUTER, Diagnosis, entry
from webapp.core.probe.report import Stage, Status
from webapp.core.text import N_

DAYS_LEFT_MIN = 14  # a certificate is usually renewed before


def _has_broken_ipv6(stage: Stage) -> bool:
    """An IPv6 address did not answer, an IPv4 one did."""
    refusals = stage.detail.get("refusals")
    return (
        isinstance(refusals, list) and ":" not in str(stage.detail.get("address")) and any(":" in r for r in refusals)
    )


def _certificate_ends_soon(stage: Stage) -> bool:
    days_left = stage.detail.get("days_left")
    return isinstance(days_left, int) and days_left < DAYS_LEFT_MIN


def _has_too_many_messages(stage: Stage) -> bool:
    """UIDL was cut short by the probe's bounds."""
    return stage.stage == "uidl" and stage.status is Status.WARNING and stage.detail.get("supported") is not False


def _gives_no_numbers(stage: Stage) -> bool:
    return stage.stage == "uidl" and stage.detail.get("supported") is False


ENTRIES: tuple[Diagnosis, ...] = (
    entry(
        "broken-ipv6",
        title=N_("Part of your internet connection does not work"),
        why=N_(
            "The newer way through the internet (IPv6) leads nowhere in your network. The older way works. Your "
            "mail program may wait a long time before it connects."
        ),
        advice=(
            N_("If fetching mail is quick, do nothing."),
            N_("If it is slow, switch your router off, wait one minute and switch it on again."),
            N_("If it stays slow, tell your internet provider: “IPv6 does not work.”"),
        ),
        say=N_("Your e-mail works, but your internet connection has a fault that makes it slow."),
        ask=N_("Does your mail program wait long before it fetches mail?"),
        vantages=ON_THIS_COMPUTER,
        remark=_has_broken_ipv6,
    ),
    entry(
        "certificate-expires-soon",
        title=N_("The certificate of the server expires soon"),
        why=N_("Everything works today. The operator of the server usually renews the certificate in time."),
        advice=(
            N_(
                "Do nothing. If your mail program warns of a certificate in the next days, wait, and do not "
                "confirm an exception."
            ),
        ),
        say=N_("Everything works. Only the certificate of the server expires soon, and its operator has to renew it."),
        ask=N_("Has your mail program warned of a certificate?"),
        remark=_certificate_ends_soon,
    ),
    entry(
        "mailbox-very-large",
        title=N_("There are very many messages in your mailbox"),
        why=N_("Everything works. But with so many messages, fetching takes long, and some programs break off."),
        advice=(
            N_("Let the first fetch run through, even if it takes an hour. Leave the mail program open."),
            N_("Then move or delete old messages at %(website)s in the browser."),
        ),
        say=N_("Everything works, there are just very many messages. The first fetch takes long."),
        ask=N_("Do you still need all old messages in the inbox?"),
        remark=_has_too_many_messages,
    ),
    entry(
        "no-message-numbers",
        title=N_("The server gives its messages no fixed numbers"),
        why=N_(
            "Without them (UIDL) a mail program cannot know which messages it already has. If mail stays on the "
            "server, it may be fetched twice."
        ),
        advice=(
            N_("Compare the server name: %(pop3)s."),
            N_("If messages arrive twice, give the reference to the helpdesk."),
        ),
        say=N_("Receiving works, but messages could arrive twice."),
        ask=N_("Do messages arrive twice?"),
        see="pop3-server-data",
        remark=_gives_no_numbers,
    ),
)
