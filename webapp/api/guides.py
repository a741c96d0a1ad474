"""The guides: what a person does in their mail program, step by step."""

from dataclasses import replace

from webapp.api.accounts import ACCOUNT, account_of, named_provider
from webapp.api.inputs import Field
from webapp.api.operations import LOCALE, Answer, Call, operation
from webapp.api.problems import Kind, ProblemError
from webapp.api.shapes import component, one_of
from webapp.core.account import Retention, ServerType
from webapp.core.guides import SOURCES, Context, Way, asked_guide
from webapp.core.guides.telling import as_json, file_name
from webapp.core.systems import SYSTEMS
from webapp.core.text import InputError, translations_for
from webapp.infrastructure import assets, screenshots, security
from webapp.infrastructure.config import current_providers

CLIENT = Field("client", "Id of a mail program.", one_of(SOURCES), required=True)
CHOICES = (
    Field("system", "System of the device.", one_of(SYSTEMS)),
    Field("way", "How the account gets into the program.", one_of(Way)),
    Field(
        "protocol",
        "`pop3`, a copy on the device, or `imap`, the same on every device; `pop3` if left out.",
        one_of(("pop3", "imap")),
    ),
    Field("two_factor", "Whether the person logs in with a code from an app.", one_of(("yes", "no"))),
)
# Without an address the values are those of the provider.
_ADDRESS, *_OTHERS = ACCOUNT
QUERY = (replace(_ADDRESS, required=False), *_OTHERS, *CHOICES, LOCALE)


@operation(
    "GET", "/guides/{client}", "The steps in a mail program", name="guide", path=(CLIENT,), query=QUERY,
    answers={200: component("Guide")}, problems=(Kind.NOT_FOUND, Kind.UNKNOWN_ADDRESS, Kind.INVALID_INPUT),
)  # fmt: skip
def guide_of_client(call: Call) -> Answer:
    """What a person does, one step after the other: where to press, what to type, and what an agent says. Without an
    address the values name no user. Logs of proxies keep queries: leave the address out where that matters."""
    values, providers = call.values, current_providers()
    account = account_of(values, providers)[0] if values["address"] else None
    provider = named_provider(
        account.provider_id if account else values["provider"] or next(iter(providers)), providers
    )
    context = Context(
        values["client"],
        provider,
        account,
        values["system"],
        Way(values["way"]) if values["way"] else None,
        retention=Retention.parse(values["keep"]),
        two_factor=values["two_factor"] or "",
        file_name=file_name(values["client"], account, provider),
        protocol=ServerType(values["protocol"] or ServerType.POP3),
    )
    try:
        made = asked_guide(context)
    except InputError as error:
        raise ProblemError(Kind.NOT_FOUND, error.message) from None
    locale = call.locale

    def picture_url(client: str, name: str) -> str | None:
        found = screenshots.taken(client, locale, name)
        return security.public_url("assets.show", version=assets.fingerprint(), name=found.path) if found else None

    return Answer(as_json(made, translations_for(locale), picture_url))
