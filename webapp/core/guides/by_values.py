"""Programs that are set up by typing values: mail programs on Linux, programs without POP, and what only sends.

Words, with their German: Claws Mail from eworm-de/claws-mail dad7dea84 (May 2025) and its translation 4.1.1; Evolution
from the translations of evolution and evolution-data-server 3.46; KMail from those of kmail, kdepim-runtime and
kmailtransport 22.12 (all of them in Debian 12); Nextcloud from nextcloud/mail, l10n/de_DE.json; Mailspring from
account-providers.tsx of Foundry376/Mailspring. Their order is by the same sources, not tried. No POP by word of their
makers: Wino (bkaankose/Wino-Mail issues 703, 705, 748), Mailspring (Foundry376/Mailspring issue 45), Nextcloud
(nextcloud/mail issue 422). Home Assistant's words for encryption: home-assistant/core issue 119632.
"""

from collections.abc import Callable
from dataclasses import replace

from webapp.core.account import SocketType
from webapp.core.guides import shared
from webapp.core.guides.base import Context, GuideStep, Otherwise, Source
from webapp.core.text import N_, NC_, Message

SETTINGS, ACCOUNTS, ADD_ACCOUNT = N_("Settings"), N_("Accounts"), N_("Add account")
_TRANSLATIONS = N_("Not tried. Words of the program’s own translation.")
_NO_POP = N_("Not tried. The maker says that there is no POP.")
_TAKE_THUNDERBIRD = Otherwise(
    Message(N_("You want POP? Take Thunderbird. It costs nothing, and we have a file for it."))
)


def _add(text: str, way: tuple[str, ...], *otherwise: Otherwise) -> GuideStep:
    return GuideStep("add-account", Message(text), way, note=shared.WORDS_MAY_DIFFER, otherwise=otherwise)


def _evolution(context: Context) -> tuple[GuideStep, ...]:
    choose = N_("Choose the server type POP. Type in the server for receiving.")
    if context.by_imap:
        choose = N_("Choose IMAP. Type in the server for receiving.")
    kept = shared.keep(context, (N_("Receiving Options"), NC_("evolution", "Leave messages on server")))
    return (
        _add(
            N_("Add a new account."), (NC_("evolution", "Edit"), ACCOUNTS, NC_("evolution", "Add"), N_("Mail Account"))
        ),
        GuideStep(
            "address",
            Message(
                N_("Type this in.")
                if context.by_imap
                else N_("Type this in. Remove this tick: otherwise it takes IMAP.")
            ),
            () if context.by_imap else (N_("Look up mail server details based on the entered e-mail address"),),
            values=(shared.name(context), shared.address(context)),
        ),
        shared.receiving(context, choose, way=(N_("Server Type"), "IMAP" if context.by_imap else "POP")),
        *(() if context.by_imap else (kept,)),
        shared.sending(context, N_("Type in the server for sending. It asks for name and password, too.")),
        *shared.fetch_and_send(context, N_("Fetch your mail."), (NC_("evolution", "Send / Receive"),)),
    )


def _kmail(context: Context) -> tuple[GuideStep, ...]:
    configure = (SETTINGS, N_("Configure KMail"))
    accounts = (*configure, NC_("kmail", "Accounts"))
    add, protocol = NC_("kmail", "Add"), N_("IMAP E-Mail Server") if context.by_imap else N_("POP3 E-Mail Server")
    kept = shared.keep(context, (NC_("kmail", "Advanced"), N_("Leave fetched messages on the server")))
    return (
        _add(N_("Add a new account for receiving."), (*accounts, NC_("kmail", "Receiving"), add, protocol)),
        shared.receiving(context),
        *(() if context.by_imap else (kept,)),
        shared.sending(context, way=(*accounts, NC_("kmail", "Sending"), add)),
        GuideStep(
            "identity",
            Message(N_("Open the identity. Type this in.")),
            (*configure, N_("Identities"), N_("Modify")),
            values=(shared.name(context), shared.address(context)),
        ),
        *shared.fetch_and_send(context, N_("Fetch your mail."), (N_("Check Mail"),)),
    )


def _claws(context: Context) -> tuple[GuideStep, ...]:
    after = (
        N_("Remove this tick. Otherwise the program deletes your mail at %(provider)s after some days."),
        N_("Leave this tick. Write %(days)s into the field for the days below it."),
        N_("Leave this tick. Write 0 into the field for the days below it."),
    )
    choose = N_("Choose the encryption: for receiving “Use TLS”, for sending %(sending)s.")
    server, remove = shared.outgoing(context), N_("Remove messages on server when received")
    way = N_("“Use TLS”") if server.socket_type is SocketType.SSL else N_("“Use STARTTLS command”")
    return (
        _add(N_("Add a new account."), (N_("Configuration"), N_("Create new account"))),
        GuideStep(
            "address",
            Message(
                N_("Type this in. Choose IMAP as the protocol.")
                if context.by_imap
                else N_("Type this in. Choose POP3 as the protocol.")
            ),
            (NC_("claws-mail", "Basic"), NC_("claws-mail", "Protocol"), "IMAP" if context.by_imap else "POP3"),
            values=(shared.name(context), shared.address(context)),
        ),
        shared.receiving(context, N_("Below that, type in the server for receiving.")),
        *(() if context.by_imap else (shared.keep(context, (NC_("claws-mail", "Receive"), remove), after),)),
        shared.sending(context, way=(NC_("claws-mail", "Send"), N_("SMTP Authentication (SMTP AUTH)"))),
        GuideStep("encryption", context.message(choose, sending=Message(way)), ("SSL/TLS",)),
        *shared.fetch_and_send(context, N_("Fetch your mail."), (N_("Get Mail"),)),
    )


def _by_imap(*way: str) -> Callable[[Context], tuple[GuideStep, ...]]:
    """Return the steps of a program that has no POP: honestly by IMAP."""

    def steps(context: Context) -> tuple[GuideStep, ...]:
        return (
            _add(N_("Add a new account. This program knows IMAP only."), way, _TAKE_THUNDERBIRD),
            GuideStep(
                "address",
                Message(N_("Type this in.")),
                values=(shared.name(context), shared.address(context), shared.password(context)),
            ),
            shared.receiving(context, server=context.provider.imap),
            shared.sending(context),
            *shared.fetch_and_send(context, N_("Wait a moment. Your mail appears.")),
        )

    return steps


def _device(context: Context) -> tuple[GuideStep, ...]:
    server = shared.outgoing(context)
    old = N_("Only port 25, or no encryption to choose? Such an old device cannot send by %(provider)s.")
    assistant = N_("Home Assistant calls the encryption “tls” for SSL/TLS, and “starttls” for STARTTLS.")
    return (
        GuideStep(
            "settings",
            Message(N_("Open the settings of the device or service. Look for “E-mail”, “SMTP” or “Notifications”.")),
            note=Message(N_("Printers, scanners and network storage often have a page in the browser for that.")),
            outside=True,
        ),
        GuideStep(
            "sending",
            Message(N_("Type in the server for sending. Switch on that it logs in.")),
            values=(*shared.server_values(server), shared.user_name(context), shared.password(context)),
            note=Message(N_("The device keeps this password. Who can log in to the device may be able to use it.")),
            otherwise=(Otherwise(context.message(old)), Otherwise(Message(assistant))),
        ),
        GuideStep(
            "sender",
            context.message(N_("Type your own address as sender. %(provider)s refuses any other one.")),
            values=(replace(shared.address(context), label=N_("Sender")),),
            note=Message(N_("An alias of this mailbox works too. A made-up one such as scanner@… does not.")),
        ),
        GuideStep(
            "try",
            Message(N_("Let it send a test mail to yourself. Does it arrive? Then everything works.")),
            note=context.message(N_("Nothing after a minute? Look into the spam folder at %(website)s.")),
        ),
    )


EVOLUTION = Source(_evolution, proof=_TRANSLATIONS)
KMAIL = Source(_kmail, proof=_TRANSLATIONS)
CLAWS_MAIL = Source(_claws, proof=N_("Not tried. Words of its source code."))
MAILSPRING = Source(_by_imap(ADD_ACCOUNT, "IMAP / SMTP"), proof=_NO_POP)
NEXTCLOUD_MAIL = Source(_by_imap(N_("Mail settings"), N_("Add mail account"), N_("Manual")), proof=_NO_POP)
WINO_MAIL = Source(_by_imap(ADD_ACCOUNT, "IMAP"), proof=_NO_POP)
DEVICE = Source(_device, proof=N_("Signposts for any device."), imap=None)
