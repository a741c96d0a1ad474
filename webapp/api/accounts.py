"""What an account is made of in a call: address, name, what stays on the server, port, provider."""

from collections.abc import Mapping
from typing import Any

from webapp.api.inputs import Field
from webapp.api.problems import Kind, ProblemError
from webapp.core.account import ADDRESS_MAX, EXAMPLES, NAME_MAX, MailAccount, Retention, parse_address, parse_name
from webapp.core.providers import Certainty, Provider, choose, find
from webapp.core.text import N_, InputError, Message

# RFC 5322 dot-atom, but for two dots in a row, which parse_address refuses: a pattern for that too makes tools slow.
_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~-"
_LOCAL_PART = f"[{_ATEXT}]([.{_ATEXT}]{{0,62}}[{_ATEXT}])?"
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# Controls, separators of lines, direction marks, private use, and what Unicode calls no character.
_IN_NO_NAME = (
    r"\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 15))
    + f"{chr(0xF0000)}-{chr(0x10FFFF)}"
)

ADDRESS = Field(
    "address",
    "The e-mail address.",
    {
        "type": "string",
        "minLength": 3,
        "maxLength": ADDRESS_MAX,
        "pattern": rf"^{_LOCAL_PART}@({_LABEL}\.)+{_LABEL}$",
        "examples": [EXAMPLES["example_address"]],
    },
    required=True,
    explain=parse_address,
)
PROVIDER = Field(
    "provider",
    "Id of the provider, where the domain of the address does not decide.",
    {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"},
)
ACCOUNT: tuple[Field, ...] = (
    ADDRESS,
    Field(
        "name",
        "Sender name. Without one the mail program shows the address.",
        {"type": "string", "maxLength": NAME_MAX, "pattern": f"^[^{_IN_NO_NAME}]*$", "default": ""},
        explain=parse_name,
    ),
    Field(
        "keep",
        "What stays on the server: forever, a number of days from 1 to 99, or delete.",
        {
            "type": "string",
            "minLength": 1,
            "maxLength": 7,
            "pattern": "^(forever|delete|[1-9][0-9]?)$",
            "default": "forever",
            "examples": ["14"],
        },
        explain=Retention.parse,
    ),
    Field("smtp_port", "Port for sending. Without it: the preferred one.", {"type": "integer", "enum": [465, 587]}),
    PROVIDER,
)


def named_provider(provider_id: str, providers: Mapping[str, Provider]) -> Provider:
    """Return the provider of this id; raises ProblemError where there is none."""
    try:
        return choose(provider_id, providers)
    except InputError as error:
        raise ProblemError(Kind.NOT_FOUND, error.message) from None


def provider_of(values: Mapping[str, Any], providers: Mapping[str, Provider]) -> tuple[Provider, tuple[Message, ...]]:
    """Return the provider that is named, else that of the address, with a note where it was assumed.

    Raises ProblemError where there is none.
    """
    if (named := values["provider"]) is not None:
        return named_provider(named, providers), ()
    try:
        finding = find(values["address"], providers)
    except InputError as error:
        raise ProblemError(Kind.INVALID_INPUT, error.message) from None
    if not finding.providers:
        names = ", ".join(providers)
        text = N_("This address belongs to none of our providers. If it does, name it: %(providers)s.")
        raise ProblemError(Kind.UNKNOWN_ADDRESS, Message(text, {"providers": names}))
    provider = finding.providers[0]
    if finding.certainty is Certainty.CERTAIN:
        return provider, ()
    text = N_("Taken for this address: %(provider)s (%(website)s). If its mail is read elsewhere, name the provider.")
    return provider, (Message(text, {"provider": provider.id, "website": provider.website}),)


def account_of(values: Mapping[str, Any], providers: Mapping[str, Provider]) -> tuple[MailAccount, tuple[Message, ...]]:
    """Return the account that the fields `ACCOUNT` describe, with notes; raises ProblemError."""
    provider, notes = provider_of(values, providers)
    try:
        account = provider.account(
            values["address"],
            name=values["name"],
            retention=Retention.parse(values["keep"]),
            smtp_port=values.get("smtp_port"),
        )
    except InputError as error:
        raise ProblemError(Kind.INVALID_INPUT, error.message) from None
    return account, notes
