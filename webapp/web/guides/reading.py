"""Whose guide is read, and where its steps lie: from a person's answers, from a link, or for a program alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import url_for

from webapp.core.account import Retention, ServerType
from webapp.core.clients import CLIENTS
from webapp.core.guides import Context, Guide, Way, guide
from webapp.core.providers import Provider
from webapp.core.systems import SYSTEMS, System
from webapp.core.text import InputError
from webapp.web.downloads.files import Offer

FIRST_DEVICE = "1"


@dataclass(frozen=True, slots=True)
class Reading:
    """A guide and the addresses of its pages.

    offer: the person's files, None for a program alone. token: of the link that is read along. kept: what the query
    of every page repeats.
    """

    guide: Guide
    endpoint: str
    kept: Mapping[str, str]
    offer: Offer | None = None
    token: str | None = None

    @property
    def client_id(self) -> str:
        return self.guide.context.client

    @property
    def system(self) -> System | None:
        return SYSTEMS.get(self.guide.context.system or "")

    @property
    def file_name(self) -> str:
        return self.guide.context.file_name

    def url(self, step_id: str, **changes: str) -> str:
        """Return the address of a step; `changes` of the query leave out what is empty."""
        where = {"token": self.token or "", **self.kept, **changes}
        return _address(self.endpoint, step_id, where)

    def beside(self, number: int) -> str | None:
        """Return the address of the step at place `number`, from 0; None where there is none."""
        steps = self.guide.steps
        return self.url(steps[number].id) if 0 <= number < len(steps) else None

    def link_url(self, step_id: str) -> str:
        """Return where the link to this step is asked for."""
        return _address("guides.link", step_id, self.kept)

    def computer_url(self, step_id: str) -> str:
        """Return where the code that opens this step at the computer is asked for."""
        return _address("guides.hand_over", step_id, self.kept)

    def way_url(self, way: Way) -> str:
        """Return the address of the first step of another way."""
        other = guide(replace(self.guide.context, way=way))
        return self.url(other.steps[0].id, way=way)


def of_offer(
    offer: Offer,
    query: Mapping[str, str],
    two_factor: str = "",
    token: str | None = None,
    endpoint: str = "guides.step",
) -> Reading:
    """Return the guide for one device of a person.

    Behind a link it names no address and no answer: others may see that screen.
    """
    export = offer.export()
    context = Context(
        offer.client.id,
        offer.wish.mail_provider(),
        None if token else offer.account(),
        offer.device.system,
        _way(query),
        in_use=_in_use(query),
        retention=offer.retention,
        two_factor=two_factor if two_factor in ("yes", "no") else "",
        file_name=export.file_name if export else "",
        profile=offer.wish.profile,
        protocol=offer.protocol,
    )
    device = "" if offer.key == FIRST_DEVICE else offer.key
    return Reading(guide(context), endpoint, {**_kept(query), "device": device}, offer, token)


def of_program(client_id: str, provider: Provider, query: Mapping[str, str]) -> Reading:
    """Return the guide for a program by hand, without an address; raises KeyError for one that we do not know."""
    client = CLIENTS[client_id]
    asked = SYSTEMS.get(query.get("system", ""))
    system = asked if asked and asked.client_system in client.systems else _only_system(client.systems)
    try:
        keep = Retention.parse(query.get("keep", "forever"))
    except InputError:
        keep = Retention()
    context = Context(
        client_id,
        provider,
        None,
        system.id if system else None,
        _way(query),
        in_use=_in_use(query),
        retention=keep,
        protocol=ServerType.IMAP if query.get("protocol") == ServerType.IMAP else ServerType.POP3,
    )
    kept = {**_kept(query), "client": client_id, "system": asked.id if asked else ""}
    kept["protocol"] = context.protocol if context.by_imap else ""
    return Reading(guide(context), "guides.step", kept)


def _address(endpoint: str, step_id: str, values: Mapping[str, str]) -> str:
    filled: dict[str, Any] = {key: value for key, value in values.items() if value}
    return url_for(endpoint, step_id=step_id, **filled)


def _only_system(systems: tuple[str, ...]) -> System | None:
    return next((system for system in SYSTEMS.values() if systems == (system.client_system,)), None)


def _way(query: Mapping[str, str]) -> Way | None:
    return next((way for way in Way if way == query.get("way")), None)


def _in_use(query: Mapping[str, str]) -> bool | None:
    return {"yes": True, "no": False}.get(query.get("used", ""))


def _kept(query: Mapping[str, str]) -> dict[str, str]:
    kept = {"way": _way(query) or "", "used": query.get("used", "") if _in_use(query) is not None else ""}
    return {key: str(value) for key, value in kept.items()}
