"""Replies that end a run, and the last entry, which matches every failure."""

from __future__ import annotations

from webapp.core.diagnosis.entry import ON_THIS_COMPUTER, Diagnosis, Sign, entry
from webapp.core.probe.report import FailureKind
from webapp.core.text import N_

ENTRIES: tuple[Diagnosis, ...] = (
    entry(
        "mailbox-refused",
        title=N_("%(provider)s does not open this mailbox for mail programs"),
        why=N_(
            "%(provider)s refused, and not because of a wrong password. Perhaps the mailbox is locked, full or "
            "not meant for this way."
        ),
        advice=(
            N_("Log in at %(website)s in the browser of a computer and look for a notice."),
            N_("See there whether the mailbox is full."),
            N_("If you find nothing, ask %(provider)s and give them the answer of the server."),
        ),
        say=N_("%(provider)s does not open the mailbox. In the browser we see why."),
        ask=N_("What does %(website)s show after you log in?"),
        see="locked",
        signs=(Sign(kinds=frozenset({FailureKind.PERMANENTLY_REFUSED})),),
    ),
    entry(
        "server-lacks-something",
        title=N_("The server does not offer what is needed"),
        why=N_(
            "%(provider)s normally offers everything needed. Probably another server answered, or a virus "
            "scanner removes a part of the answers. It has nothing to do with your password."
        ),
        advice=(
            N_("Compare the server names: %(pop3)s for receiving, %(smtp)s for sending."),
            N_("Set the login method in your mail program to “password” or “normal password”."),
            N_("In your virus scanner, switch off the check of e-mail connections. The scanner itself stays on."),
        ),
        say=N_("The answer does not look like %(provider)s. We compare server name and login method."),
        ask=N_("Which login method is chosen in the mail program?"),
        see="pop3-server-data",
        vantages=ON_THIS_COMPUTER,
        signs=(Sign(kinds=frozenset({FailureKind.CAPABILITY_MISSING})),),
    ),
    entry(
        "answer-not-understood",
        title=N_("The server gave an answer that nobody understands"),
        why=N_(
            "It did not keep to the rules of e-mail. Perhaps something between you and %(provider)s changes the "
            "answers, or %(provider)s has a fault. It has nothing to do with your password."
        ),
        advice=(
            N_("Try again in 10 minutes."),
            N_("If it happens again, try another network and give the reference to the helpdesk."),
        ),
        say=N_("The server gave a strange answer. We try it once more in 10 minutes."),
        ask=N_("Are you at home, and do you use a virus scanner or a VPN?"),
        vantages=ON_THIS_COMPUTER,
        signs=(Sign(kinds=frozenset({FailureKind.REPLY_TOO_LONG, FailureKind.PROTOCOL_ERROR})),),
    ),
    entry(
        "test-limit",
        title=N_("Enough checks for now"),
        why=N_("Too many attempts in a short time could make %(provider)s lock your mailbox. So we pause."),
        advice=(
            N_("Wait 15 minutes."),
            N_("Or go on without the check. Your settings are still right."),
        ),
        say=N_("We pause so that %(provider)s does not lock your mailbox. Meanwhile we can set up the mail program."),
        ask=N_("What did the last check show?"),
        signs=(Sign(kinds=frozenset({FailureKind.LIMITED})),),
    ),
    entry(
        "unknown-cause",
        title=N_("The check could not be finished"),
        why=N_("We do not know this case yet. Your settings are not affected by it."),
        advice=(
            N_("Try again in 10 minutes."),
            N_("If it happens again, give the reference to the helpdesk."),
        ),
        say=N_("We do not know this case yet. I note down the reference and pass it on."),
        ask=N_("Which reference is on the page?"),
        signs=(Sign(),),
    ),
)
