"""Causes at the login and behind it: refusals, locks, sending."""

from __future__ import annotations

from webapp.diagnosis.entry import Diagnosis, Sign, entry
from webapp.probe.report import FailureKind, Protocol
from webapp.text import N_

ENTRIES: tuple[Diagnosis, ...] = (
    entry(
        "app-password-needed",
        title=N_("GMX wants a password of its own for the e-mail program"),
        why=N_("With two-factor login your usual password does not work in e-mail programs."),
        advice=(
            N_("Create an application-specific password at %(website)s."),
            N_("Allow POP3 and IMAP there once more: switching two-factor login on turns it off."),
            N_("Enter the new password in the e-mail program, for receiving and for sending."),
        ),
        say=N_("You have two-factor login. We create a password for the e-mail program."),
        ask=N_("Do you type in a code from your phone when you log in at %(website)s?"),
        see="app-password",
        signs=(Sign(kinds=frozenset({FailureKind.AUTHENTICATION_FAILED}), reply=r"\b534\b|application.specific"),),
    ),
    entry(
        "login-refused",
        title=N_("GMX refused the login"),
        why=N_(
            "GMX gives one answer for many causes, so nobody can tell from it which one it is. Go "
            "through these points in order; most people are done after the first or second."
        ),
        advice=(
            N_(
                "Is POP3 switched on? Open %(website)s in the browser of a computer, go to the "
                "e-mail settings, “POP3/IMAP”, and allow the access. It is off by default and GMX "
                "switches it off after long disuse."
            ),
            N_(
                "Do you use two-factor login? Then you need an application-specific password, and "
                "POP3 must be allowed again after switching it on."
            ),
            N_(
                "Does the password work at %(website)s? Log in there in the browser with exactly "
                "this password. Mind capitals and umlauts."
            ),
            N_("Do you read your mail at www.gmx.net or at www.gmx.com? The two have different servers."),
            N_(
                "Does GMX show a notice after the login in the browser? Perhaps GMX has locked your "
                "mailbox for safety; the notice says how to open it. Look for a mail from GMX in the "
                "inbox too."
            ),
        ),
        say=N_("GMX refused the login. We look first whether POP3 is switched on."),
        ask=N_("Have you allowed POP3 and IMAP in the e-mail settings at %(website)s?"),
        see="activation",
        signs=(Sign(kinds=frozenset({FailureKind.AUTHENTICATION_FAILED}), protocol=Protocol.POP3),),
    ),
    entry(
        "sending-login-refused",
        title=N_("Receiving works, but GMX refused the login for sending"),
        why=N_(
            "User name and password are right, because receiving accepted them. Mostly the program "
            "uses an old password for sending, or none."
        ),
        advice=(
            N_("Open the settings for the outgoing server (SMTP) in your e-mail program."),
            N_("Switch the authentication on: user name is your whole address, password the same as for receiving."),
            N_("Delete the stored password for %(smtp)s and enter it anew."),
            N_("Wait ten minutes if you have just changed something at GMX."),
        ),
        say=N_("Receiving works. We enter the same password for sending."),
        ask=N_("Is there a user name entered for the outgoing server?"),
        see="pop3-server-data",
        signs=(Sign(kinds=frozenset({FailureKind.AUTHENTICATION_FAILED}), protocol=Protocol.SMTP),),
    ),
    entry(
        "mailbox-in-use",
        title=N_("Another program is just fetching your mail"),
        why=N_("A POP mailbox can be opened by one program at a time."),
        advice=(
            N_("Close the e-mail program on your other devices for a moment."),
            N_("Wait five minutes and try again."),
        ),
        say=N_("Another device is just fetching mail. We wait five minutes."),
        ask=N_("Which other devices fetch your mail?"),
        signs=(Sign(kinds=frozenset({FailureKind.MAILBOX_IN_USE})),),
    ),
    entry(
        "fetched-too-often",
        title=N_("Mail was fetched too often in a short time"),
        why=N_("The server asks for a pause between two logins."),
        advice=(
            N_("Wait a quarter of an hour."),
            N_("Let the program fetch every 15 minutes, not more often."),
        ),
        say=N_("The server wants a pause. We wait a quarter of an hour."),
        ask=N_("How often does your program fetch mail?"),
        signs=(Sign(kinds=frozenset({FailureKind.LOGIN_DELAY})),),
    ),
    entry(
        "sending-paused",
        title=N_("GMX does not take mail from you at the moment"),
        why=N_("GMX protects itself against spam and stops mailboxes that send much or in an unusual way, for a time."),
        advice=(
            N_("Wait some hours and try again."),
            N_("Log in at %(website)s in the browser and look for a notice."),
        ),
        say=N_("GMX has paused sending. We look for a notice in the browser."),
        ask=N_("Have you sent many mails today?"),
        see="error-codes",
        signs=(
            Sign(
                kinds=frozenset({FailureKind.TEMPORARILY_UNAVAILABLE, FailureKind.PERMANENTLY_REFUSED}),
                protocol=Protocol.SMTP,
                reply=r"failure sending mail|rate limit|policy violation",
            ),
        ),
    ),
    entry(
        "address-blocked",
        title=N_("GMX does not accept connections from this internet address"),
        why=N_("The internet address the test came from is on a block list. That concerns the line, not your mailbox."),
        advice=(
            N_("Switch a VPN off."),
            N_("Try another network, such as your phone’s hotspot."),
            N_("Or go on without the test: your settings are right all the same."),
        ),
        say=N_("The line is on a block list. Your mailbox is fine."),
        ask=N_("Do you use a VPN?"),
        see="error-codes",
        signs=(
            Sign(
                kinds=frozenset({FailureKind.TEMPORARILY_UNAVAILABLE, FailureKind.PERMANENTLY_REFUSED}),
                reply=r"block list|listed|bad dns ptr|c=bl",
            ),
        ),
    ),
    entry(
        "sender-not-allowed",
        title=N_("GMX does not accept this sender address"),
        why=N_("The sender must be your GMX address or one of its alias addresses."),
        advice=(
            N_("Enter your GMX address as the sender in the e-mail program."),
            N_("If it is an alias: look at %(website)s whether it belongs to this mailbox."),
        ),
        say=N_("The sender is not right. We enter your GMX address."),
        ask=N_("Which sender address is in your program?"),
        see="aliases",
        signs=(Sign(kinds=frozenset({FailureKind.REJECTED_SENDER})),),
    ),
    entry(
        "gmx-busy",
        title=N_("GMX is busy or disturbed at the moment"),
        why=N_("The server itself says that it cannot go on for now. It is not about your password."),
        advice=(
            N_("Wait half an hour and try again."),
            N_("Do not change anything in your program meanwhile."),
        ),
        say=N_("GMX is busy at the moment. We change nothing and wait."),
        ask=N_("Does %(website)s open in your browser?"),
        signs=(Sign(kinds=frozenset({FailureKind.TEMPORARILY_UNAVAILABLE})),),
    ),
    entry(
        "mailbox-refused",
        title=N_("GMX does not open this mailbox to e-mail programs"),
        why=N_("The server refused for good. Perhaps the mailbox is full, locked or not meant for e-mail programs."),
        advice=(
            N_("Log in at %(website)s in the browser and look for a notice."),
            N_("Look whether the mailbox is full: a full mailbox neither receives nor sends."),
            N_("If there is no notice, ask GMX and give the server’s answer."),
        ),
        say=N_("GMX refuses the mailbox. We look in the browser why."),
        ask=N_("What does %(website)s show after the login?"),
        see="locked",
        signs=(Sign(kinds=frozenset({FailureKind.PERMANENTLY_REFUSED})),),
    ),
    entry(
        "test-limit",
        title=N_("Enough tests for now"),
        why=N_("So that GMX does not lock your mailbox, we test only a few times in a quarter of an hour."),
        advice=(
            N_("Wait a quarter of an hour."),
            N_("Or go on without the test: your settings are right all the same."),
        ),
        say=N_("We pause the test to protect your mailbox."),
        ask=N_("What happened in the last test?"),
        signs=(Sign(kinds=frozenset({FailureKind.LIMITED})),),
    ),
    entry(
        "unknown-cause",
        title=N_("The test could not be finished"),
        why=N_("We do not know this case yet. Your settings are not affected by it."),
        advice=(
            N_("Try again in 10 minutes."),
            N_("If it stays like this, give the reference to the helpdesk."),
        ),
        say=N_("We do not know this case yet. I note down the reference."),
        ask=N_("Which reference is on the page?"),
        signs=(Sign(),),
    ),
)
