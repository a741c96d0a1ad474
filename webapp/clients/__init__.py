"""Mail programs: what each can be given, by id."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from webapp.clients.apple_mail import AppleMail
from webapp.clients.base import Client, Export, ExportOptions, Keeping, SetBy
from webapp.clients.fetchmail import Fetchmail
from webapp.clients.getmail import Getmail
from webapp.clients.guides import GUIDES
from webapp.clients.mpop import Mpop
from webapp.clients.msmtp import Msmtp
from webapp.clients.other import Other
from webapp.clients.outlook import Outlook
from webapp.clients.thunderbird import Thunderbird
from webapp.clients.thunderbird_android import ThunderbirdAndroid

__all__ = ["CLIENTS", "Client", "Export", "ExportOptions", "Keeping", "SetBy"]

CLIENTS: Mapping[str, Client] = MappingProxyType(
    {
        client.id: client
        for client in (
            Thunderbird(),
            ThunderbirdAndroid(),
            Outlook(),
            AppleMail(),
            *GUIDES,
            Fetchmail(),
            Getmail(),
            Mpop(),
            Msmtp(),
            Other(),
        )
    }
)
