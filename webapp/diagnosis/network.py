"""Causes on the way to the server: names, connections, encryption, certificates."""

from __future__ import annotations

from webapp.diagnosis.entry import ON_OUR_SERVER, ON_THIS_COMPUTER, Diagnosis, Sign, entry
from webapp.probe.report import FailureKind
from webapp.text import N_

ENTRIES: tuple[Diagnosis, ...] = (
    entry(
        "name-not-found",
        title=N_("Your computer does not find GMX’s server"),
        why=N_(
            "Your computer has no connection to the internet, or it cannot look up names at the "
            "moment. This has nothing to do with your password."
        ),
        advice=(
            N_("Open any website in your browser. If none appears, check WLAN or cable."),
            N_("Switch a VPN off and try again."),
            N_("Restart your router and wait five minutes."),
            N_("Compare the server names: %(pop3)s for receiving, %(smtp)s for sending."),
        ),
        say=N_("Your computer is not reaching the internet at the moment. Let us look at the connection first."),
        ask=N_("Does a website open in your browser?"),
        vantages=ON_THIS_COMPUTER,
        signs=(Sign(kinds=frozenset({FailureKind.UNRESOLVED})),),
    ),
    entry(
        "gmx-not-reached",
        title=N_("We cannot reach GMX at the moment"),
        why=N_(
            "Our server got no connection to GMX. Either GMX is disturbed or our own line is. It is "
            "not about your password."
        ),
        advice=(
            N_("Try again in 10 minutes."),
            N_("Or go on without the test: your settings are right all the same."),
        ),
        say=N_("Our test does not reach GMX right now. That is not your fault; we go on without it."),
        ask=N_("Can you open %(website)s in your browser?"),
        vantages=ON_OUR_SERVER,
        signs=(
            Sign(
                kinds=frozenset(
                    {
                        FailureKind.UNRESOLVED,
                        FailureKind.REFUSED,
                        FailureKind.UNREACHABLE,
                        FailureKind.TIMED_OUT,
                        FailureKind.CONNECTION_LOST,
                    }
                ),
                stages=frozenset({"tls", "greeting", "connect", "resolve", "stls", "starttls"}),
            ),
        ),
    ),
    entry(
        "connection-blocked",
        title=N_("Your network does not let the connection to GMX through"),
        why=N_(
            "Something between your computer and GMX blocks mail programs: a firewall, a company or "
            "hotel network, or a VPN. It is not about your password."
        ),
        advice=(
            N_("Try another network, such as your phone’s hotspot."),
            N_("Switch a VPN off."),
            N_("Let your firewall or virus scanner allow your e-mail program."),
            N_("In a hotel or on a train: open the browser and accept the terms of use first."),
        ),
        say=N_("Your network holds the mail connection back. Let us try your phone’s hotspot."),
        ask=N_("Are you at home, at work or on the road?"),
        vantages=ON_THIS_COMPUTER,
        signs=(
            Sign(
                kinds=frozenset(
                    {FailureKind.REFUSED, FailureKind.UNREACHABLE, FailureKind.TIMED_OUT, FailureKind.CONNECTION_LOST}
                ),
                stages=frozenset({"tls", "greeting", "connect", "stls", "starttls"}),
            ),
        ),
    ),
    entry(
        "connection-broken-off",
        title=N_("The connection broke off"),
        why=N_("GMX or the line ended the connection in the middle. That happens and usually passes."),
        advice=(
            N_("Wait two minutes and try again."),
            N_("If it happens again, use another network."),
        ),
        say=N_("The connection broke off in the middle. We wait two minutes and try once more."),
        ask=N_("Does it happen each time at the same place?"),
        signs=(Sign(kinds=frozenset({FailureKind.TIMED_OUT, FailureKind.CONNECTION_LOST})),),
    ),
    entry(
        "not-the-mail-server",
        title=N_("Somebody else answered instead of GMX"),
        why=N_(
            "The answer did not come from a mail server. Often it is the sign-in page of a hotel or "
            "a WLAN, or a program that looks into the traffic."
        ),
        advice=(
            N_("Open the browser and look whether a sign-in page appears. Accept its terms."),
            N_("Check port and security together: 995 and 465 with SSL/TLS, 110 and 587 with STARTTLS."),
            N_("Switch off the e-mail scanning of your virus scanner for a moment and try again."),
        ),
        say=N_("There is something between you and GMX. Let us see whether the network wants a sign-in."),
        ask=N_("Which network are you in, and which virus scanner do you use?"),
        vantages=ON_THIS_COMPUTER,
        signs=(Sign(kinds=frozenset({FailureKind.PLAINTEXT_ON_TLS_PORT, FailureKind.WRONG_PROTOCOL})),),
    ),
    entry(
        "strange-answer",
        title=N_("GMX answered in an unusual way"),
        why=N_("Our server could not make sense of the answer. We stopped to be safe."),
        advice=(
            N_("Try again in 10 minutes."),
            N_("Or go on without the test: your settings are right all the same."),
            N_("If it stays like this, give the reference to the helpdesk."),
        ),
        say=N_("GMX answers strangely at the moment. We go on without the test."),
        ask=N_("Which reference is on the page?"),
        signs=(
            Sign(
                kinds=frozenset(
                    {
                        FailureKind.PLAINTEXT_ON_TLS_PORT,
                        FailureKind.WRONG_PROTOCOL,
                        FailureKind.REPLY_TOO_LONG,
                        FailureKind.PROTOCOL_ERROR,
                        FailureKind.TLS_FAILED,
                        FailureKind.TLS_VERSION,
                        FailureKind.CAPABILITY_MISSING,
                        FailureKind.STARTTLS_MISSING,
                        FailureKind.STARTTLS_INJECTED,
                    }
                )
            ),
        ),
    ),
    entry(
        "program-too-old",
        title=N_("Your computer’s encryption is too old"),
        why=N_(
            "GMX speaks TLS 1.2 or newer. Your system or program offers only older versions, or "
            "something in between breaks the encryption."
        ),
        advice=(
            N_("Install all updates of the system and of the e-mail program."),
            N_("Switch off the e-mail scanning of your virus scanner for a moment and try again."),
            N_("If there are no more updates, use another device for your mail."),
        ),
        say=N_("Your system is too old for GMX’s encryption. Let us look for updates."),
        ask=N_("Which system and which version do you have?"),
        vantages=ON_THIS_COMPUTER,
        signs=(Sign(kinds=frozenset({FailureKind.TLS_FAILED, FailureKind.TLS_VERSION})),),
    ),
    entry(
        "certificate-replaced",
        title=N_("The connection is not safe: somebody reads along"),
        why=N_(
            "The server did not show a certificate that your computer trusts. Mostly it is your own "
            "virus scanner that checks mail; it can also be an attack."
        ),
        advice=(
            N_("Do not confirm an exception and do not enter your password there."),
            N_("Switch off the e-mail scanning of your virus scanner (also called web or mail shield) and test again."),
            N_("In a foreign WLAN: leave it and use another network."),
        ),
        say=N_("Your virus scanner probably opens the mail connection. We switch that off, not the security."),
        ask=N_("Which virus scanner is on your computer?"),
        vantages=ON_THIS_COMPUTER,
        signs=(
            Sign(
                kinds=frozenset(
                    {
                        FailureKind.CERTIFICATE_UNTRUSTED,
                        FailureKind.CERTIFICATE_SELF_SIGNED,
                        FailureKind.CERTIFICATE_CHAIN_INCOMPLETE,
                    }
                )
            ),
        ),
    ),
    entry(
        "clock-wrong",
        title=N_("Your computer’s clock is probably wrong"),
        why=N_("The certificate is valid, only not at the time your computer shows."),
        advice=(
            N_("Compare date, year and time of your computer with a clock."),
            N_("Switch on that the time is set automatically."),
            N_("Test again."),
        ),
        say=N_("Your computer’s clock is wrong, therefore it distrusts GMX. We set the time."),
        ask=N_("Which date and which year does your computer show?"),
        vantages=ON_THIS_COMPUTER,
        signs=(Sign(kinds=frozenset({FailureKind.CERTIFICATE_EXPIRED, FailureKind.CERTIFICATE_NOT_YET_VALID})),),
    ),
    entry(
        "wrong-server-name",
        title=N_("The server has another name"),
        why=N_(
            "The certificate belongs to another name than the one that was dialled. Server names "
            "such as pop.gmx.de exist but are not the right ones."
        ),
        advice=(
            N_("Compare the server names: %(pop3)s for receiving, %(smtp)s for sending."),
            N_("Never confirm an exception for the certificate."),
        ),
        say=N_("One server name is wrong. I read the right one out to you."),
        ask=N_("Which server names are in your program?"),
        see="pop3-server-data",
        signs=(Sign(kinds=frozenset({FailureKind.CERTIFICATE_WRONG_HOST})),),
    ),
    entry(
        "certificate-not-trusted",
        title=N_("The connection to GMX is not safe at the moment"),
        why=N_("The certificate that our server was shown is not in order. We stopped."),
        advice=(
            N_("Try again in an hour."),
            N_("Do not confirm an exception if your e-mail program asks for one."),
            N_("If it stays like this, give the reference to the helpdesk."),
        ),
        say=N_("The certificate is not in order. We do nothing until it is."),
        ask=N_("Does your e-mail program show a warning too?"),
        vantages=ON_OUR_SERVER,
        signs=(
            Sign(
                kinds=frozenset(
                    {
                        FailureKind.CERTIFICATE_UNTRUSTED,
                        FailureKind.CERTIFICATE_SELF_SIGNED,
                        FailureKind.CERTIFICATE_CHAIN_INCOMPLETE,
                        FailureKind.CERTIFICATE_EXPIRED,
                        FailureKind.CERTIFICATE_NOT_YET_VALID,
                    }
                )
            ),
        ),
    ),
)
