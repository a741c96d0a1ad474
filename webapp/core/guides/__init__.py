"""The guides: data from which pages, paper, API, command line and helpdesk show the same steps."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from itertools import product

from webapp.core.account import FETCH_AND_DELETE, KEEP_FOREVER, Retention, Server, ServerType
from webapp.core.clients import CLIENTS
from webapp.core.guides import (
    android,
    apple_mail,
    by_values,
    desktop,
    fairemail,
    linux,
    outlook,
    outlook_others,
    thunderbird,
)
from webapp.core.guides.base import WAYS, Context, Drawing, Gives, Guide, GuideStep, Screenshot, Source, Way
from webapp.core.guides.preparation import preparation
from webapp.core.providers import load
from webapp.core.text import N_, InputError, Message

__all__ = [
    "SOURCES",
    "Context",
    "Drawing",
    "Gives",
    "Guide",
    "GuideStep",
    "Screenshot",
    "Way",
    "asked_guide",
    "guide",
    "step_ids",
]

SOURCES: Mapping[str, Source] = {
    "thunderbird": thunderbird.SOURCE,
    "thunderbird-android": android.THUNDERBIRD,
    "outlook": outlook.SOURCE,
    "apple-mail": apple_mail.SOURCE,
    "outlook-new": outlook_others.NEW,
    "windows-mail": desktop.WINDOWS_MAIL,
    "em-client": desktop.EM_CLIENT,
    "outlook-mac": outlook_others.MAC,
    "outlook-mobile": outlook_others.APP,
    "samsung-email": android.SAMSUNG,
    "gmail-app": android.GMAIL,
    "fairemail": fairemail.SOURCE,
    "bluemail": android.BLUEMAIL,
    "spark": desktop.SPARK,
    "claws-mail": by_values.CLAWS_MAIL,
    "evolution": by_values.EVOLUTION,
    "kmail": by_values.KMAIL,
    "mailspring": by_values.MAILSPRING,
    "nextcloud-mail": by_values.NEXTCLOUD_MAIL,
    "wino-mail": by_values.WINO_MAIL,
    "device": by_values.DEVICE,
    "fetchmail": linux.FETCHMAIL,
    "getmail": linux.GETMAIL,
    "mpop": linux.MPOP,
    "msmtp": linux.MSMTP,
    "other": desktop.OTHER_PROGRAM,
}


# What a program is called below its icon, where our own name says more.
_CALLED = {
    "apple-mail": "Mail",
    "gmail-app": "Gmail",
    "outlook": "Outlook",
    "outlook-mac": "Outlook",
    "outlook-mobile": "Outlook",
    "outlook-new": "Outlook",
    "thunderbird-android": N_("Thunderbird or K-9 Mail"),
}
_DELETES = N_("By IMAP: what you delete in the program is gone at %(provider)s too.")
_NO_IMAP = N_("There is no guide by IMAP for %(program)s with %(provider)s.")


def asked_guide(context: Context) -> Guide:
    """Return the guide as `guide` does, by the protocol of `context` and no other.

    Raises InputError for IMAP where program or provider have none.
    """
    made = guide(context)
    if made.context.protocol is not context.protocol:
        raise InputError(_NO_IMAP, program=CLIENTS[context.client].name, provider=context.provider.name)
    return made


@cache
def step_ids(client: str) -> frozenset[str]:
    """Return the ids of every step that the guide of `client` can have, whatever was chosen."""
    provider = next(iter(load().values()))
    systems = {"macos": "mac", "ios": "iphone"}
    account = provider.account("anna@example.org")
    found: set[str] = set()
    for way, system, keep, in_use, profile in product(
        SOURCES[client].ways,
        (systems.get(name, name) for name in CLIENTS[client].systems),
        (KEEP_FOREVER, Retention(True, 7), FETCH_AND_DELETE),
        (True, False, None),
        ("existing", "new"),
    ):
        context = Context(client, provider, account, system, way, "", in_use, keep, "", "file", profile)
        found |= {step.id for step in guide(context).steps}
        found |= {step.id for step in guide(replace(context, protocol=ServerType.IMAP)).steps}
    return frozenset(found)


def guide(context: Context) -> Guide:
    """Return the guide for `context`; a way that the client has not becomes its first one.

    Without a file there is only what can be typed in; a program that knows nothing but files gets the values. IMAP
    where program or provider have none becomes POP3.
    """
    source = SOURCES[context.client]
    server = context.provider.imap
    if context.by_imap and source.imap and server:
        return _by_imap(context, source, source.imap, server)
    context = replace(context, protocol=ServerType.POP3)
    ways = tuple(way for way in source.ways if context.file_name or way not in (Way.FILE, Way.QR))
    if not ways:
        return guide(replace(context, client="other"))
    context = replace(context, way=context.way if context.way in ways else ways[0])
    named = {way: source.file if way is Way.FILE else WAYS[way] for way in ways}
    steps = _with_deletion(_from_opening(source.steps(context), context), context)
    return Guide(context, named, steps, preparation(context))


def _with_deletion(steps: tuple[GuideStep, ...], context: Context) -> tuple[GuideStep, ...]:
    """Return the steps so that one says what deleting deletes, in a program that takes IMAP without being asked to."""
    client = CLIENTS[context.client]
    place = next((place for place, step in enumerate(steps) if step.note is None), None)
    if client.speaks_pop or client.ended or place is None:
        return steps
    told = replace(steps[place], note=context.message(_DELETES))
    return (*steps[:place], told, *steps[place + 1 :])


def _from_opening(steps: tuple[GuideStep, ...], context: Context) -> tuple[GuideStep, ...]:
    """Return the steps so that the first one says to open the program, where it begins inside it."""
    first, *others = steps
    if first.outside or first.gives:
        return steps
    name = _CALLED.get(context.client) or CLIENTS[context.client].name
    text = Message(N_("Open %(program)s. %(then)s"), {"program": Message(name), "then": first.text})
    return (replace(first, text=text), *others)


def _by_imap(context: Context, source: Source, way: Way, server: Server) -> Guide:
    """Return the one way to IMAP, with an account that receives by it."""
    account = replace(context.account, incoming=server) if context.account else None
    context = replace(context, way=way, account=account, file_name="")
    steps = _with_deletion(_from_opening(source.steps(context), context), context)
    return Guide(context, {way: WAYS[way]}, steps, preparation(context))
