"""The registry of mail programs, by id."""

from collections.abc import Mapping
from types import MappingProxyType

from webapp.core.clients.apple_mail import AppleMail
from webapp.core.clients.base import Client, Export, ExportOptions, Keeping, SetBy
from webapp.core.clients.fairemail import FairEmail
from webapp.core.clients.fetchmail import Fetchmail
from webapp.core.clients.getmail import Getmail
from webapp.core.clients.guides import GUIDES
from webapp.core.clients.mpop import Mpop
from webapp.core.clients.msmtp import Msmtp
from webapp.core.clients.other import Other
from webapp.core.clients.outlook import Outlook
from webapp.core.clients.thunderbird import Thunderbird
from webapp.core.clients.thunderbird_android import ThunderbirdAndroid

__all__ = ["CLIENTS", "Client", "Export", "ExportOptions", "Keeping", "SetBy"]

CLIENTS: Mapping[str, Client] = MappingProxyType(
    {
        client.id: client
        for client in (
            Thunderbird(),
            ThunderbirdAndroid(),
            Outlook(),
            AppleMail(),
            FairEmail(),
            *GUIDES,
            Fetchmail(),
            Getmail(),
            Mpop(),
            Msmtp(),
            Other(),
        )
    }
)
