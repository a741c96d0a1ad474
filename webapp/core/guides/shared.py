"""Steps and values that many guides have in common."""

from webapp.core.account import Server, ServerType, Username
from webapp.core.guides.base import Context, Gives, GuideStep, Otherwise, Picture, Value
from webapp.core.text import N_, NC_, Message

NEXT = N_("Next")
CONTINUE = N_("Continue")
PULL = N_("Pull the list of mails down. Your mail appears.")

WORDS_MAY_DIFFER = Message(N_("A word may be a little different in your version."))


def user_name(context: Context) -> Value:
    if context.account:
        return Value(N_("User name"), context.account.username)
    whole = context.provider.username is Username.ADDRESS
    text = N_("your whole address, with the @") if whole else N_("what stands before the @ of your address")
    return Value(N_("User name"), Message(text))


def address(context: Context) -> Value:
    account = context.account
    return Value(N_("E-mail address"), account.email_address if account else Message(N_("your whole address")))


def name(context: Context) -> Value:
    """Return the sender name to type in, or whose it is."""
    shown = context.account.display_name if context.account else ""
    return Value(N_("Your name"), shown or Message(N_("as others will see it")))


def password(context: Context) -> Value:
    return Value(N_("Password"), context.password)


def incoming(context: Context) -> Server:
    """Return the server that mail comes from: the one of the account, else of the provider."""
    return context.account.incoming if context.account else context.provider.server(context.protocol)


def outgoing(context: Context) -> Server:
    """Return the server for sending, on the port that the person chose."""
    return context.account.outgoing if context.account else context.provider.server(ServerType.SMTP)


def security(server: Server) -> Message:
    """Return the encryption, which programs have as a list to choose from."""
    return Message(server.socket_type.label)


def server_values(server: Server) -> tuple[Value, ...]:
    """Return host, port and security, to be typed in where a program asks for them."""
    return (
        Value(N_("Server"), server.hostname),
        Value(NC_("field", "Port"), str(server.port)),
        Value(NC_("field", "Encryption"), security(server)),
    )


def receiving(
    context: Context,
    text: str = N_("Type in the server for receiving."),
    server: Server | None = None,
    way: tuple[str, ...] = (),
    picture: Picture | None = None,
) -> GuideStep:
    """Return the step for the server that mail comes from, by default the one of the account."""
    values = (*server_values(server or incoming(context)), user_name(context), password(context))
    return GuideStep("receiving", context.message(text), way, picture, values)


def sending(
    context: Context,
    text: str = N_("Type in the server for sending."),
    way: tuple[str, ...] = (),
    picture: Picture | None = None,
) -> GuideStep:
    values = (*server_values(outgoing(context)), user_name(context), password(context))
    return GuideStep("sending", context.message(text), way, picture, values)


def by_retention(context: Context, forever: str, days: str, delete: str) -> Message:
    """Return the text for what the person wants to stay on the server; `days` may name %(days)s."""
    keep = context.retention
    if not keep.leave_messages_on_server:
        return context.message(delete)
    number = keep.days_to_leave_messages_on_server
    return context.message(days, days=number) if number else context.message(forever)


def deletion_note(context: Context) -> Message | None:
    """Return what deleting means, where the person chose it."""
    if context.retention.leave_messages_on_server:
        return None
    return context.message(N_("What is deleted at %(provider)s exists on this device only."))


def keep(
    context: Context,
    way: tuple[str, ...],
    text: tuple[str, str, str] | None = None,
    picture: Picture | None = None,
) -> GuideStep:
    """Return the step that sets what stays on the server, at the tick that `way` ends with."""
    forever, days, delete = text or (
        N_("Set this tick, so that mail stays at %(provider)s. Is there a field for days? No tick there."),
        N_("Set this tick. Write %(days)s into the field for the days."),
        N_("Remove this tick. Then the program deletes at %(provider)s what it has fetched."),
    )
    return GuideStep("keep", by_retention(context, forever, days, delete), way, picture, note=deletion_note(context))


def file(
    context: Context,
    text: str,
    way: tuple[str, ...] = (),
    note: Message | None = None,
    otherwise: tuple[Otherwise, ...] = (),
    picture: Picture | None = None,
) -> GuideStep:
    """Return the step that hands out the file; `text` may name %(file)s."""
    said = context.message(text, file=context.file_name)
    return GuideStep("file", said, way, picture, note=note, otherwise=otherwise, gives=Gives.FILE)


def fetch_and_send(
    context: Context,
    text: str,
    way: tuple[str, ...] = (),
    note: Message | None = None,
    otherwise: tuple[Otherwise, ...] = (),
    picture: Picture | None = None,
) -> tuple[GuideStep, ...]:
    """Return the last two steps: fetching, and a mail to oneself as proof. `text` says how to fetch."""
    spam = context.message(N_("Nothing after a minute? Look into the spam folder at %(website)s."))
    return (
        GuideStep("fetch", context.message(text), way, picture, otherwise=otherwise),
        GuideStep(
            "try", Message(N_("Send a mail to yourself. Does it arrive? Then everything works.")), note=note or spam
        ),
    )
