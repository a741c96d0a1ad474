"""The encrypted connection: TLS, certificates, interception."""

from __future__ import annotations

from webapp.core.diagnosis.entry import ON_OUR_SERVER, ON_THIS_COMPUTER, PORTS, Diagnosis, OnlyWith, Sign, entry
from webapp.core.probe.report import FailureKind, Protocol
from webapp.core.text import N_

ENTRIES: tuple[Diagnosis, ...] = (
    entry(
        "clock-wrong",
        title=N_("The date on your device is probably wrong"),
        why=N_(
            "The certificate of the server, its identity card, is not valid on the date your device shows. Most"
            " often the clock is wrong."
        ),
        advice=(
            N_("Check date, year and time zone of your device and set the clock to automatic."),
            N_("If the date is right, wait an hour and try again. Do not confirm an exception."),
        ),
        say=N_("Your device thinks that the certificate of the server has expired. First we check its clock."),
        ask=N_("Which date and which year does your device show?"),
        vantages=ON_THIS_COMPUTER,
        signs=(Sign(kinds=frozenset({FailureKind.CERTIFICATE_EXPIRED, FailureKind.CERTIFICATE_NOT_YET_VALID})),),
    ),
    entry(
        "certificate-expired",
        title=N_("The certificate of the server is out of date. We stopped."),
        why=N_(
            "The server showed an identity card that is not valid today. Its operator must renew it. The fault is"
            " not yours."
        ),
        advice=(
            N_("Wait an hour and try again."),
            N_("Do not confirm an exception in your mail program."),
        ),
        say=N_("The certificate of the server has expired. We wait until it is renewed."),
        ask=N_("Does your mail program show the same message?"),
        vantages=ON_OUR_SERVER,
        signs=(Sign(kinds=frozenset({FailureKind.CERTIFICATE_EXPIRED, FailureKind.CERTIFICATE_NOT_YET_VALID})),),
    ),
    entry(
        "certificate-wrong-host",
        title=N_("The server shows the identity card of another one"),
        why=N_(
            "The name in the settings and the name in the certificate differ. Mostly the server name is "
            "misspelt, such as %(guess)s. More rarely somebody answers instead of %(provider)s."
        ),
        advice=(
            N_("Enter these names exactly: %(pop3)s for receiving, %(smtp)s for sending."),
            N_("If the names are right, try another network, and do not confirm an exception."),
        ),
        say=N_("The certificate belongs to another server. We compare which server is entered."),
        ask=N_("What exactly is written in the fields for the two servers?"),
        see="pop3-server-data",
        vantages=ON_THIS_COMPUTER,
        signs=(Sign(kinds=frozenset({FailureKind.CERTIFICATE_WRONG_HOST})),),
    ),
    entry(
        "no-authorities",
        title=N_("This computer has no list of trusted authorities for Python"),
        why=N_(
            "Without that list our check can trust nobody, so it stopped. Your mail program brings a list of its own: "
            "there everything may be in order. On a Mac one step is missing after Python was installed."
        ),
        advice=(
            N_(
                "Mac: in the Finder open “Applications”, then the folder “Python 3…”, and double-click “Install "
                "Certificates.command”. Then start the check again."
            ),
            N_("Linux: install the package “ca-certificates”."),
            N_("Or go on without the check. Your settings are still right."),
        ),
        say=N_("The check lacks something on that computer. %(provider)s has nothing to do with it."),
        ask=N_("Is it a Mac, and is there a folder “Python” among the applications?"),
        vantages=ON_THIS_COMPUTER,
        signs=(Sign(kinds=frozenset({FailureKind.CERTIFICATE_UNTRUSTED}), detail=(("trust_store", "empty"),)),),
    ),
    entry(
        "local-scanner",
        title=N_("A program on your device or in your network stands between you and %(provider)s"),
        why=N_(
            "The certificate that arrived is not from %(provider)s. Mostly a virus scanner opens the encrypted "
            "connection to look into your e-mail. More rarely it is a network that reads along, or a very old "
            "system."
        ),
        advice=(
            N_(
                "In your virus scanner, switch off the check of encrypted e-mail connections (“e-mail scan”, “SSL"
                " scan”). The scanner itself stays on."
            ),
            N_("In a network that is not yours, use the mobile connection of your phone."),
            N_("Install the updates of your device, and do not confirm an exception."),
        ),
        say=N_("The certificate that arrived is not that of %(provider)s. Mostly a virus scanner is the reason."),
        ask=N_("Which virus scanner is on your device?"),
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
        "certificate-untrusted",
        title=N_("The connection is not secure. We stopped."),
        why=N_(
            "The server did not prove that it belongs to %(provider)s: nobody we trust vouches for its "
            "certificate. The reason lies with the server or with our network, not with you."
        ),
        advice=(
            N_("Try again in an hour."),
            N_("Do not confirm an exception if your mail program asks you to."),
            N_("Tell the helpdesk. It is the operator's job to look into this."),
        ),
        say=N_("Our server was not sure that it spoke with %(provider)s, so it stopped."),
        ask=N_("Does your mail program also warn of a certificate?"),
        vantages=ON_OUR_SERVER,
        signs=(
            Sign(
                kinds=frozenset(
                    {
                        FailureKind.CERTIFICATE_UNTRUSTED,
                        FailureKind.CERTIFICATE_SELF_SIGNED,
                        FailureKind.CERTIFICATE_CHAIN_INCOMPLETE,
                        FailureKind.CERTIFICATE_WRONG_HOST,
                    }
                )
            ),
        ),
    ),
    entry(
        "tls-too-old",
        title=N_("One of the two sides is too old for a secure connection"),
        why=N_(
            "%(provider)s accepts encryption from TLS 1.2 on. Old systems and old mail programs know only earlier "
            "versions, for example Outlook 2010 on Windows 7."
        ),
        advice=(
            N_("Install the updates of your system and of your mail program."),
            N_("If there are none any more, use a newer mail program, for example the current Thunderbird."),
            N_("Until then, read your e-mail at %(website)s in the browser."),
        ),
        say=N_("The mail program or the system is too old for the encryption %(provider)s asks for."),
        ask=N_("Which version of Windows or macOS and which mail program do you have?"),
        vantages=ON_THIS_COMPUTER,
        signs=(Sign(kinds=frozenset({FailureKind.TLS_VERSION})),),
    ),
    entry(
        "encryption-mismatch",
        title=N_("Port and encryption do not match"),
        why=N_(
            "Each port expects its own kind of encryption. If the wrong one is set, the two sides do not "
            "understand each other. This has nothing to do with your password."
        ),
        advice=(
            N_("Receiving: %(pop3)s, %(reception)s."),
            OnlyWith(
                "has_usual_ports",
                N_(
                    "Sending: %(smtp)s, port 465, “SSL/TLS”. Or port 587, “STARTTLS”. In old Outlook versions 587 is "
                    "called “TLS”."
                ),
                N_("Sending: %(smtp)s, %(submission)s."),
            ),
            N_("If everything is as above, a virus scanner or the network interferes. Try another network."),
        ),
        say=N_("Port and encryption do not match. We set both again."),
        ask=N_("Which number is in the field “port”, and what is chosen beside encryption?"),
        see="pop3-server-data",
        vantages=ON_THIS_COMPUTER,
        signs=(
            Sign(protocol=Protocol.SMTP, reply=r"^503\b.*bad sequence"),
            Sign(protocol=Protocol.SMTP, reply=r"^53[08]\b.*(starttls|encrypt|\btls\b|\bssl\b)"),
        ),
    ),
    entry(
        "connection-tampered",
        title=N_("Somebody interfered with the connection. We stopped."),
        why=N_(
            "Before the encryption began, commands arrived that do not belong there. A faulty device can do that,"
            " and so can an attacker."
        ),
        advice=(
            N_("Do not enter your password in this network."),
            OnlyWith(
                "has_usual_ports",
                N_("Use port 995 for receiving and 465 for sending. They are encrypted from the first moment."),
                PORTS,
            ),
            N_("Try again in another network and tell the helpdesk."),
        ),
        say=OnlyWith(
            "has_usual_ports",
            N_(
                "Something interfered with the connection. To be safe, we use another network. The field "
                "“Port” needs 995 for receiving and 465 for sending."
            ),
            N_("Something interfered with the connection. To be safe, we use another network."),
        ),
        ask=N_("In which network are you: at home, at work or somewhere else?"),
        vantages=ON_THIS_COMPUTER,
        signs=(Sign(kinds=frozenset({FailureKind.STARTTLS_INJECTED})),),
    ),
    entry(
        "encryption-missing",
        title=N_("The server offered no encryption"),
        why=N_(
            "%(provider)s always offers encryption. If it is missing, a virus scanner, a router or the network "
            "has removed it on the way, or another server answered."
        ),
        advice=(
            OnlyWith(
                "has_usual_ports", N_("Use port 995 for receiving and 465 for sending, both with “SSL/TLS”."), PORTS
            ),
            N_("Never send your password without encryption."),
        ),
        say=OnlyWith(
            "has_usual_ports",
            N_(
                "Something on the way removed the encryption. The field “Port” needs 995 for "
                "receiving and 465 for sending."
            ),
            N_("Something on the way removed the encryption. We take another network."),
        ),
        ask=N_("Which numbers are set as ports for receiving and sending?"),
        see="pop3-server-data",
        vantages=ON_THIS_COMPUTER,
        signs=(Sign(kinds=frozenset({FailureKind.STARTTLS_MISSING})),),
    ),
    entry(
        "encryption-failed",
        title=N_("No encrypted connection came about"),
        why=N_(
            "The two sides could not agree on an encryption. Often port and encryption do not match, or a virus "
            "scanner interferes. This has nothing to do with your password."
        ),
        advice=(
            OnlyWith(
                "has_usual_ports",
                N_("Compare port and encryption: 995 with “SSL/TLS” for receiving, 465 with “SSL/TLS” for sending."),
                PORTS,
            ),
            N_("Install the updates of your system and try another network."),
        ),
        say=N_("The encrypted connection did not come about. We compare port and encryption."),
        ask=N_("Which port and which encryption are set?"),
        vantages=ON_THIS_COMPUTER,
        signs=(Sign(kinds=frozenset({FailureKind.TLS_FAILED})),),
    ),
    entry(
        "answer-unexpected",
        title=N_("%(provider)s answered differently than expected. We stopped."),
        why=N_(
            "The server of %(provider)s has a fault, or something is wrong with the line of our check. It has "
            "nothing to do with your device or your password."
        ),
        advice=(
            N_("Try again in 10 minutes."),
            N_("Or go on without the check. Your settings are still right."),
            N_("If it happens again, give the reference to the helpdesk."),
        ),
        say=N_("%(provider)s answers our server strangely at the moment. We go on without the check."),
        ask=N_("Does your mail program fetch messages?"),
        vantages=ON_OUR_SERVER,
        signs=(
            Sign(
                kinds=frozenset(
                    {
                        FailureKind.PLAINTEXT_ON_TLS_PORT,
                        FailureKind.WRONG_PROTOCOL,
                        FailureKind.TLS_FAILED,
                        FailureKind.TLS_VERSION,
                        FailureKind.STARTTLS_MISSING,
                        FailureKind.STARTTLS_INJECTED,
                        FailureKind.CAPABILITY_MISSING,
                        FailureKind.REPLY_TOO_LONG,
                        FailureKind.PROTOCOL_ERROR,
                    }
                )
            ),
        ),
    ),
)
