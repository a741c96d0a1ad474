"""The login: refusals, locks, pauses. GMX answers many causes with one text, so no entry claims a single one."""

from __future__ import annotations

from webapp.core.diagnosis.entry import BEFORE_LOGIN, Diagnosis, OnlyWith, Sign, entry
from webapp.core.probe.report import FailureKind, Protocol
from webapp.core.text import N_

ENTRIES: tuple[Diagnosis, ...] = (
    entry(
        "app-password-needed",
        title=N_("%(provider)s wants a separate password for the mail program"),
        why=N_(
            "You use two-factor login. Then your usual password does not work in mail programs. You need an "
            "app password there."
        ),
        advice=(
            OnlyWith(
                "app-password-name",
                N_(
                    "Log in at %(website)s on a computer and create an app password under “Login and security”. "
                    "%(provider)s calls it an “application-specific password” and shows it only once."
                ),
                N_(
                    "Log in at %(website)s on a computer and create an app password in the settings for security. It "
                    "is mostly shown only once."
                ),
            ),
            OnlyWith(
                "after-two-factor",
                N_("Allow POP3 and IMAP once more in the e-mail settings. Two-factor login makes this necessary."),
            ),
            N_(
                "Enter the new password in your mail program, for receiving and for sending. Leave the "
                "%(provider)s window open until it works."
            ),
        ),
        say=N_("You have two-factor login. We now create a password just for the mail program."),
        ask=N_(
            "A code by text message does not count: do you open an authenticator app at every login and type in six "
            "digits from it?"
        ),
        see="app-password",
        signs=(
            Sign(
                kinds=frozenset({FailureKind.AUTHENTICATION_FAILED}), reply=r"^534\b|application.specific|app.password"
            ),
        ),
    ),
    entry(
        "login-refused-for-sending",
        title=N_("Receiving works, but %(provider)s refused the login for sending"),
        why=N_(
            "The same password was accepted for receiving. Often the mail program still has an old password for "
            "sending, or none at all. %(provider)s may also be slow to take over a new setting."
        ),
        advice=(
            N_(
                "Open the settings of the server for sending (outgoing server, SMTP) in your mail program. Switch"
                " the login on there."
            ),
            OnlyWith(
                "by_whole_address",
                N_(
                    "User name: your whole %(provider)s address. Password: the same as for receiving. Delete the "
                    "saved one "
                    "and enter it again."
                ),
                N_(
                    "User name: what stands before the @ of your address. Password: the same as for receiving. "
                    "Delete the saved one and enter it again."
                ),
            ),
            N_("If you have just changed something at %(provider)s, wait 10 minutes and try once more."),
        ),
        say=N_("Receiving works. Now we enter the same password for sending."),
        ask=N_("Is login switched on for the outgoing server, and with which user name?"),
        see="pop3-server-data",
        signs=(Sign(kinds=frozenset({FailureKind.AUTHENTICATION_FAILED}), protocol=Protocol.SMTP),),
    ),
    entry(
        "login-refused",
        title=N_("%(provider)s refused the login"),
        why=N_(
            "%(provider)s gives the same answer for many causes. So nobody can tell from it which one it is. Go "
            "through the points in order; mostly it is one of the first two."
        ),
        advice=(
            OnlyWith(
                "after-disuse",
                N_(
                    "Is POP3 switched on? Log in at %(website)s on a computer: E-mail settings, “POP3/IMAP”, "
                    "allow access. It is off at first, and %(provider)s switches it off again when it is not "
                    "used for a long time."
                ),
                OnlyWith(
                    "activation",
                    N_("Is POP3 switched on? Log in at %(website)s on a computer: %(switch)s. It is off at first."),
                ),
            ),
            OnlyWith(
                "app_password",
                N_(
                    "Do you type in six digits from an authenticator app at every login? Then you need an app "
                    "password. After that, allow POP3 once more. A code by text message does not count."
                ),
            ),
            N_(
                "Does your password work at %(website)s in the browser? Type it again. Mind capital letters and spaces."
            ),
            N_(
                "Do you read your mail in the browser at %(website)s? Another site, such as the one for other "
                "countries, has servers of its own. These settings are for %(pop3)s."
            ),
            N_(
                "Does %(provider)s show a notice after you log in? Perhaps %(provider)s has locked your "
                "mailbox. The notice, or an e-mail from %(provider)s in your inbox, says what to do."
            ),
            OnlyWith(
                "app_password",
                N_(
                    "All of that is right, and it still fails? The maker of the app FairEmail says that an app "
                    "password often helps, also when you travel or use a VPN."
                ),
            ),
        ),
        say=OnlyWith(
            "activation",
            N_(
                "That can have several causes. We go through them one by one. First we see whether POP3 is switched on."
            ),
            N_("That can have several causes. We go through them one by one."),
        ),
        ask=N_("Can you log in at %(website)s on a computer now?"),
        see="activation",
        signs=(Sign(kinds=frozenset({FailureKind.AUTHENTICATION_FAILED})),),
    ),
    entry(
        "mailbox-in-use",
        title=N_("Another program is fetching your mail right now"),
        why=N_(
            "With POP3 the server may let only one program at a time into a mailbox. After a broken connection it"
            " can also think that the last program is still there. Your password is right."
        ),
        advice=(
            N_("Close the mail program on your other devices."),
            N_("Wait 10 minutes and fetch your mail again."),
        ),
        say=N_("Another device is in your mailbox. We close it there and wait 10 minutes."),
        ask=N_("On which other devices do you read this mailbox?"),
        signs=(Sign(kinds=frozenset({FailureKind.MAILBOX_IN_USE})),),
    ),
    entry(
        "fetched-too-often",
        title=N_("The mail was fetched too often"),
        why=N_("The server asks for a pause between two visits. Your password is right."),
        advice=(
            N_("Wait 15 minutes."),
            N_("Set your mail program to fetch every 15 minutes or less often."),
        ),
        say=N_("The server needs a break of 15 minutes. We wait."),
        ask=N_("How often does your mail program fetch mail, and on how many devices?"),
        signs=(Sign(kinds=frozenset({FailureKind.LOGIN_DELAY})),),
    ),
    entry(
        "address-blocked",
        title=N_("%(provider)s accepts no connection from this internet line"),
        why=N_(
            "The address of the internet line is on a block list. It concerns the line, for example a VPN or the "
            "line our check uses, and not your mailbox."
        ),
        advice=(
            N_("If you use a VPN, switch it off."),
            N_("Try another network, for example the mobile connection of your phone."),
            N_("If our check found this, go on without it and see whether your own mail program connects."),
        ),
        say=N_("%(provider)s does not let us in from where you are. Your mailbox is not the problem."),
        ask=N_("Do you use a VPN or are you in a network that is not your own?"),
        see="locked",
        signs=(
            Sign(
                kinds=frozenset({FailureKind.PERMANENTLY_REFUSED, FailureKind.TEMPORARILY_UNAVAILABLE}),
                reply=r"block ?list|\bc=(?:bl|r0201|r0301)\b|administrative reject|bad dns ptr|no smtp service",
            ),
        ),
    ),
    entry(
        "gmx-busy",
        title=N_("%(provider)s has a fault or too much to do at the moment"),
        why=N_(
            "The server answered and said itself that it cannot work at the moment. That passes. It says nothing "
            "about your password."
        ),
        advice=(
            N_("Wait 30 minutes and try again."),
            N_("Change nothing in your mail program in the meantime."),
        ),
        say=N_("%(provider)s has a fault at the moment. We change nothing and wait."),
        ask=N_("Do others you know have trouble with %(provider)s today?"),
        signs=(
            Sign(kinds=frozenset({FailureKind.TEMPORARILY_UNAVAILABLE})),
            Sign(kinds=frozenset({FailureKind.PERMANENTLY_REFUSED}), stages=BEFORE_LOGIN),
            Sign(kinds=frozenset({FailureKind.PROTOCOL_ERROR}), stages=frozenset({"stat"}), reply=r"\binternal\b"),
        ),
    ),
    entry(
        "login-paused",
        title=N_("%(provider)s accepts no logins for a while"),
        why=N_(
            "After many failed logins %(provider)s blocks the internet line they came from. Often a mail program that "
            "keeps trying an old password is the cause. Your mailbox and your e-mails are still there."
        ),
        advice=(
            N_("Close the mail program on all devices, so that it stops trying."),
            N_("Wait until tomorrow, or use another network, for example the mobile connection of your phone."),
            N_("Log in at %(website)s in the browser first. Only then enter the password in your mail program."),
        ),
        say=N_(
            "%(provider)s takes no login from you at the moment. Internet and browser still work. First "
            "we stop all attempts."
        ),
        ask=N_("On which devices is this mailbox set up?"),
        see="locked",
    ),
    entry(
        "security-check",
        title=N_("%(provider)s wants to make sure that it is you"),
        why=N_(
            "%(provider)s noticed an unusual login, for example from two places far apart. It ends all connections and "
            "asks for a confirmation or a new password. Mail programs mostly do not show this."
        ),
        advice=(
            N_(
                "Log in at %(website)s in the browser of a computer and do what %(provider)s asks: confirm in "
                "the app, by SMS, or choose a new password."
            ),
            N_("Then enter the new password in all your mail programs, for receiving and for sending."),
            N_("Type the address %(website)s yourself. Follow no link from an e-mail."),
        ),
        say=N_("%(provider)s wants to know that it is really you. Confirm that in the browser, I wait."),
        ask=N_("What does %(website)s show after you log in?"),
        see="locked",
    ),
)
