"""Further programs, mostly on the computer.

eM Client: POP3 is named on emclient.com, words of versions 9 and 10 from memory. Spark: Readdle's list of accounts
(readdle/spark-codex-marketplace 1.3.0) has no POP. Windows Mail ended on 31 December 2024 (support.microsoft.com,
715fc27c-e0f4-4652-9174-47faa751b199). None was tried.
"""

from webapp.core.guides import shared
from webapp.core.guides.base import Context, GuideStep, Otherwise, Source
from webapp.core.text import N_, NC_, Message

SETTINGS, ADD_ACCOUNT, OTHER, ACCOUNTS = N_("Settings"), N_("Add account"), N_("Other"), N_("Accounts")
_ONLY_IMAP = Otherwise(
    Message(N_("No POP anywhere? Then the program knows IMAP only. Take Thunderbird: it costs nothing."))
)


def _em_client(context: Context) -> tuple[GuideStep, ...]:
    choose = N_("Choose POP3. Type in the server for receiving.")
    if context.by_imap:
        choose = N_("Choose IMAP. Type in the server for receiving.")
    kept = shared.keep(context, (N_("Menu"), ACCOUNTS, "POP3", N_("Leave a copy of message on server")))
    return (
        GuideStep(
            "add-account",
            Message(N_("Add a new account.")),
            (N_("Menu"), ACCOUNTS, ADD_ACCOUNT, NC_("em-client", "Mail"), OTHER),
            note=shared.WORDS_MAY_DIFFER,
        ),
        GuideStep("address", Message(N_("Type this in.")), values=(shared.address(context), shared.name(context))),
        shared.receiving(context, choose, way=("IMAP" if context.by_imap else "POP3",)),
        shared.sending(context),
        *(() if context.by_imap else (kept,)),
        *shared.fetch_and_send(context, N_("Fetch your mail."), (NC_("em-client", "Refresh"),)),
    )


def _spark(context: Context) -> tuple[GuideStep, ...]:
    return (
        GuideStep(
            "add-account",
            Message(N_("Add a new account. Spark knows IMAP only.")),
            (SETTINGS, N_("Mail Accounts"), ADD_ACCOUNT, N_("Set Up Account Manually")),
            note=shared.WORDS_MAY_DIFFER,
            otherwise=(
                Otherwise(
                    Message(N_("You want POP? On the computer and on Android take Thunderbird, on the iPhone Mail."))
                ),
            ),
        ),
        GuideStep("address", Message(N_("Type this in.")), values=(shared.address(context), shared.password(context))),
        shared.receiving(context, server=context.provider.imap),
        shared.sending(context),
        *shared.fetch_and_send(context, shared.PULL),
    )


def _windows_mail(context: Context) -> tuple[GuideStep, ...]:
    return (
        GuideStep(
            "ended",
            Message(N_("Microsoft ended Windows Mail in December 2024. Thunderbird costs nothing and takes our file.")),
            outside=True,
        ),
        GuideStep(
            "save",
            Message(N_("Does it still show old mail? Open what you need and save it.")),
            ("…", N_("Save as")),
            otherwise=(
                Otherwise(Message(N_("It opens the new Outlook instead? That works too: choose “Outlook (new)”."))),
            ),
        ),
    )


def _other(context: Context) -> tuple[GuideStep, ...]:
    text = N_("Look for “manual” or “advanced”. Choose POP or POP3.")
    choose = GuideStep("pop", Message(text), ("POP3",), otherwise=(_ONLY_IMAP,))
    if context.by_imap:
        choose = GuideStep("imap", Message(N_("Look for “manual” or “advanced”. Choose IMAP.")), ("IMAP",))
    return (
        GuideStep(
            "add-account",
            Message(N_("Look for “Add account” in the settings of your program.")),
            (ADD_ACCOUNT,),
            note=shared.WORDS_MAY_DIFFER,
            outside=True,
        ),
        choose,
        GuideStep("address", Message(N_("Type this in.")), values=(shared.name(context), shared.address(context))),
        shared.receiving(context),
        shared.sending(context, N_("Type in the server for sending. It asks for name and password, too.")),
        *(() if context.by_imap else (shared.keep(context, (N_("Leave messages on server"),)),)),
        *shared.fetch_and_send(context, N_("Fetch your mail, with a button such as “Send/Receive”.")),
    )


EM_CLIENT = Source(_em_client, proof=N_("Not tried. The words are signposts."))
SPARK = Source(_spark, proof=N_("Not tried. The maker’s list of accounts has no POP."))
WINDOWS_MAIL = Source(_windows_mail, proof=N_("Microsoft’s announcement."))
OTHER_PROGRAM = Source(_other, proof=N_("Signposts for any program."))
