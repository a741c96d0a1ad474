"""The registry of mail programs, by id."""

from collections.abc import Mapping

from webapp.core.clients.apple_mail import APPLE_MAIL
from webapp.core.clients.base import Client, Export, ExportOptions, Keeping, SetBy
from webapp.core.clients.fairemail import FAIREMAIL
from webapp.core.clients.fetchmail import FETCHMAIL
from webapp.core.clients.getmail import GETMAIL
from webapp.core.clients.guides import GUIDES
from webapp.core.clients.mpop import MPOP
from webapp.core.clients.msmtp import MSMTP
from webapp.core.clients.other import OTHER
from webapp.core.clients.outlook import OUTLOOK
from webapp.core.clients.thunderbird import THUNDERBIRD
from webapp.core.clients.thunderbird_android import THUNDERBIRD_ANDROID

__all__ = ["CLIENTS", "Client", "Export", "ExportOptions", "Keeping", "SetBy"]

CLIENTS: Mapping[str, Client] = {
    client.id: client
    for client in (
        THUNDERBIRD,
        THUNDERBIRD_ANDROID,
        OUTLOOK,
        APPLE_MAIL,
        FAIREMAIL,
        *GUIDES,
        FETCHMAIL,
        GETMAIL,
        MPOP,
        MSMTP,
        OTHER,
    )
}
