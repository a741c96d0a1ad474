"""Resolving and reaching the server: DNS, TCP, networks in between."""

from __future__ import annotations

from webapp.core.diagnosis.entry import (
    ON_OUR_SERVER,
    ON_THIS_COMPUTER,
    OPENING,
    PORTS,
    Diagnosis,
    OnlyWith,
    Sign,
    entry,
)
from webapp.core.probe.other_ports import UNREACHED
from webapp.core.probe.report import FailureKind, Protocol
from webapp.core.text import N_


def _other_port_answers(protocol: Protocol) -> Sign:
    """`webapp.core.probe.other_ports` found the STARTTLS port open."""
    return Sign(
        kinds=UNREACHED,
        protocol=protocol,
        stages=frozenset({"connect"}),
        detail=(("other_port_answers", True),),
    )


ENTRIES: tuple[Diagnosis, ...] = (
    entry(
        "gmx-unreachable",
        title=N_("We cannot reach %(provider)s at the moment"),
        why=N_(
            "Our server got no connection to the mail server of %(provider)s. This has nothing to do with your "
            "password or your device."
        ),
        advice=(
            N_("Try again in 10 minutes."),
            N_("Or go on without the check. Your settings are still right."),
        ),
        say=N_(
            "Our checking server cannot reach %(provider)s at the moment. You have done nothing wrong, and we "
            "can go on without the check."
        ),
        ask=N_("Does %(website)s open in your browser?"),
        see="pop3-server-data",
        vantages=ON_OUR_SERVER,
        signs=(
            Sign(kinds=frozenset({FailureKind.UNRESOLVED, FailureKind.REFUSED, FailureKind.UNREACHABLE})),
            Sign(kinds=frozenset({FailureKind.TIMED_OUT, FailureKind.CONNECTION_LOST}), stages=OPENING),
        ),
    ),
    entry(
        "name-not-found",
        title=N_("The mail server was not found"),
        why=N_(
            "Either this device has no internet connection, or the name of the server is misspelt. This has "
            "nothing to do with your password."
        ),
        advice=(
            N_("Open %(website)s in your browser. If it does not open, switch your router or Wi-Fi off and on again."),
            N_(
                "In your mail program, compare the server names letter by letter: %(pop3)s for receiving, "
                "%(smtp)s for sending."
            ),
            N_("If you use a VPN, switch it off and try again."),
        ),
        say=N_("Your device cannot find the mail server. First we see whether you are online."),
        ask=N_("Does %(website)s open in your browser, and what exactly is written in the field for the server?"),
        see="pop3-server-data",
        vantages=ON_THIS_COMPUTER,
        signs=(Sign(kinds=frozenset({FailureKind.UNRESOLVED})),),
    ),
    entry(
        "captive-portal",
        title=N_("A web page answered instead of %(provider)s"),
        why=N_(
            "You are probably in a Wi-Fi network that wants you to sign in first, as in a hotel, a train or a café."
        ),
        advice=(
            N_("Open any page in your browser and sign in to the Wi-Fi network."),
            N_("Or use the mobile connection of your phone. Then try again."),
        ),
        say=N_("The Wi-Fi network you are in answers instead of %(provider)s. It wants you to sign in first."),
        ask=N_("Are you at home, or in a Wi-Fi network such as that of a hotel?"),
        vantages=ON_THIS_COMPUTER,
        signs=(
            Sign(
                kinds=frozenset(
                    {FailureKind.WRONG_PROTOCOL, FailureKind.PLAINTEXT_ON_TLS_PORT, FailureKind.PROTOCOL_ERROR}
                ),
                reply=r"^(?:HTTP/|<!doctype|<html)",
            ),
        ),
    ),
    entry(
        "other-server-answered",
        title=N_("Something else answered instead of %(provider)s"),
        why=N_(
            "Server and port are right, but what answered is no mail server. Often a Wi-Fi "
            "network wants you to sign in first, or a virus scanner, a VPN or the router leads the connection"
            " elsewhere. It has nothing to do with your password."
        ),
        advice=(
            N_("Open any page in your browser and sign in to the Wi-Fi network."),
            N_("Switch off a VPN, and the e-mail check of your virus scanner. The scanner itself stays on."),
            N_("Or use the mobile connection of your phone. Then try again."),
        ),
        say=N_("On the way to %(provider)s something else answers. We find out what it is."),
        ask=N_("Are you at home, or in a Wi-Fi network such as that of a hotel?"),
        vantages=ON_THIS_COMPUTER,
        signs=(Sign(kinds=frozenset({FailureKind.PLAINTEXT_ON_TLS_PORT, FailureKind.WRONG_PROTOCOL})),),
    ),
    entry(
        "only-port-110",
        title=N_("Only the other port for receiving is open"),
        why=N_(
            "The usual port 995 is blocked on the way from your device. Port 110 of the same server answers, and "
            "it is just as safe with “STARTTLS”. We have not logged in there."
        ),
        advice=(
            N_("In your mail program, enter port 110 and “STARTTLS” for receiving. The server stays %(pop3)s."),
            N_("Never choose “none” for the encryption."),
            N_("Or switch off a VPN, or use another network. Then the usual port 995 may work."),
        ),
        say=N_("In the field “Port” we type 110. Beside it, choose “Start T L S”."),
        ask=N_("Do you see the field “Port” for receiving?"),
        see="pop3-server-data",
        vantages=ON_THIS_COMPUTER,
        signs=(_other_port_answers(Protocol.POP3),),
    ),
    entry(
        "only-port-587",
        title=N_("Only the other port for sending is open"),
        why=N_(
            "The usual port 465 is blocked on the way from your device. Port 587 of the same server answers, and "
            "it is just as safe with “STARTTLS”. We have not logged in there."
        ),
        advice=(
            N_("In your mail program, enter port 587 and “STARTTLS” for sending. The server stays %(smtp)s."),
            N_("Or make your file here once more, with port 587."),
            N_("Never choose “none” for the encryption."),
        ),
        say=N_("In the field “Port” we type 587. Beside it, choose “Start T L S”."),
        ask=N_("Which port does your mail program use for sending?"),
        see="pop3-server-data",
        vantages=ON_THIS_COMPUTER,
        signs=(_other_port_answers(Protocol.SMTP),),
    ),
    entry(
        "port-blocked",
        title=N_("Your device gets no connection to %(provider)s"),
        why=N_(
            "Something between your device and %(provider)s blocks the way: a firewall, a virus scanner, a "
            "VPN or the network you are in. It may also be a wrong port. This has nothing to do with your "
            "password."
        ),
        advice=(
            OnlyWith(
                "has_usual_ports",
                N_(
                    "Check the ports in your mail program: 995 for receiving, 465 or 587 for sending. Port 25 is "
                    "often blocked."
                ),
                PORTS,
            ),
            N_(
                "Try another network, for example the mobile connection of your phone. If it works there, your "
                "own network is the cause."
            ),
            N_("Switch off a VPN. At work or at school, ask the people who look after the network."),
            N_("If only sending fails at home, look into your router: some allow only e-mail servers on a list."),
        ),
        say=N_(
            "Something between your device and %(provider)s blocks the connection. Your password has nothing "
            "to do with it."
        ),
        ask=N_("Does it work in another network, such as the mobile one of a phone?"),
        see="pop3-server-data",
        vantages=ON_THIS_COMPUTER,
        signs=(
            Sign(
                kinds=frozenset({FailureKind.REFUSED, FailureKind.UNREACHABLE, FailureKind.TIMED_OUT}),
                stages=frozenset({"connect"}),
            ),
        ),
    ),
    entry(
        "login-unanswered",
        title=N_("%(provider)s gave no answer to the login"),
        why=N_(
            "The connection ended before an answer came. So nobody knows whether the password is right. "
            "%(provider)s may be overloaded."
        ),
        advice=(
            N_("Wait 10 minutes. Then try once more."),
            N_("Do not change your password because of this."),
        ),
        say=N_("%(provider)s gave no answer. That says nothing about your password."),
        ask=N_("Shall we wait 10 minutes, or set up the mail program without the check?"),
        see="locked",
        signs=(
            Sign(
                kinds=frozenset({FailureKind.TIMED_OUT, FailureKind.CONNECTION_LOST}),
                stages=frozenset({"authenticate"}),
            ),
        ),
    ),
    entry(
        "connection-interrupted",
        title=N_("The connection broke off"),
        why=N_(
            "%(provider)s was reached, but then no answer came in time. Often the network is weak, a virus "
            "scanner holds the mail up, or %(provider)s is busy. This has nothing to do with your password."
        ),
        advice=(
            N_("Try again in a few minutes."),
            N_("If it happens again, close other programs that use the internet, or move closer to the Wi-Fi router."),
            N_(
                "If a virus scanner checks your e-mail, switch off that part (“e-mail scan”). The scanner itself "
                "stays on."
            ),
            N_(
                "When a very large e-mail is stuck, set the time limit (“server timeout”) in your mail program to"
                " 5 minutes."
            ),
        ),
        say=N_("The connection to %(provider)s broke off. Usually it works at the next attempt."),
        ask=N_("Does it happen every time, or only now and then?"),
        vantages=ON_THIS_COMPUTER,
        signs=(
            Sign(
                kinds=frozenset(
                    {
                        FailureKind.TIMED_OUT,
                        FailureKind.CONNECTION_LOST,
                        FailureKind.REFUSED,
                        FailureKind.UNREACHABLE,
                        FailureKind.UNRESOLVED,
                    }
                )
            ),
        ),
    ),
    entry(
        "connection-broke-off",
        title=N_("The connection to %(provider)s broke off during the check"),
        why=N_(
            "%(provider)s answered our server at first and then no longer. That happens and mostly passes. It "
            "says nothing about your password."
        ),
        advice=(
            N_("Try again in 10 minutes."),
            N_("Or go on without the check. Your settings are still right."),
        ),
        say=N_("The connection between our server and %(provider)s broke off. You have done nothing wrong."),
        ask=N_("Shall we check again in 10 minutes, or go on without the check?"),
        signs=(
            Sign(
                kinds=frozenset(
                    {
                        FailureKind.TIMED_OUT,
                        FailureKind.CONNECTION_LOST,
                        FailureKind.REFUSED,
                        FailureKind.UNREACHABLE,
                        FailureKind.UNRESOLVED,
                    }
                )
            ),
        ),
    ),
)
