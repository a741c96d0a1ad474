"""What is known: providers, whose address is whose, mail programs, diagnoses."""

from __future__ import annotations

from typing import Any

from webapp.account import parse_address
from webapp.api.accounts import ADDRESS, PROVIDER
from webapp.api.inputs import Field
from webapp.api.operations import LOCALE, Answer, Call, operation
from webapp.api.problems import Kind, ProblemError
from webapp.api.shapes import component, listed
from webapp.clients import CLIENTS
from webapp.config import current_providers
from webapp.diagnosis import CATALOGUE, Diagnosis
from webapp.providers import Provider, find, suggest
from webapp.text import N_, InputError, Message, translations_for

PROVIDER_ID = Field("provider", "Id of a provider.", {**PROVIDER.schema, "examples": ["gmx.net"]}, required=True)
DIAGNOSIS_ID = Field(
    "diagnosis",
    "Id of a diagnosis.",
    {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[a-z0-9-]+$", "examples": ["login-refused"]},
    required=True,
)
NAMED = Field("provider", "Id of the provider whose servers the texts name.", PROVIDER.schema)


def provider_shape(provider: Provider) -> dict[str, Any]:
    """Return the provider as JSON: the shape of `gmx-pop-wizard providers --json`."""
    return {
        "id": provider.id,
        "name": provider.name,
        "website": provider.website,
        "checked": provider.checked.isoformat(),
        "domains": sorted(provider.domains),
        "domains_to_confirm": sorted(provider.domains_to_confirm),
        "servers": [
            {"type": s.type, "hostname": s.hostname, "port": s.port, "socket_type": s.socket_type}
            for s in provider.servers
        ],
    }


@operation("GET", "/providers", "The providers", answers={200: listed(component("Provider"))}, query=(LOCALE,))
def providers(call: Call) -> Answer:
    """Every mail provider this site knows, with its domains and servers."""
    return Answer([provider_shape(provider) for provider in current_providers().values()])


@operation(
    "GET", "/providers/{provider}", "One provider", path=(PROVIDER_ID,), query=(LOCALE,),
    answers={200: component("Provider")}, problems=(Kind.NOT_FOUND,),
)  # fmt: skip
def provider(call: Call) -> Answer:
    """One provider by its id."""
    return Answer(provider_shape(_provider(call.values["provider"])))


def _provider(provider_id: str) -> Provider:
    found = current_providers().get(provider_id)
    if found is None:
        names = {"provider": provider_id, "providers": ", ".join(current_providers())}
        raise ProblemError(
            Kind.NOT_FOUND, Message(N_("There is no provider “%(provider)s”. There is: %(providers)s."), names)
        )
    return found


@operation(
    "GET", "/find", "Whose address is this?", name="find_by_query", query=(ADDRESS, LOCALE),
    answers={200: component("Finding")},
)  # fmt: skip
def find_by_query(call: Call) -> Answer:
    """The provider of an address, by its domain alone. Logs of proxies keep queries: POST keeps addresses out."""
    return _found(call)


@operation(
    "POST", "/find", "Whose address is this?", name="find", body=(ADDRESS, LOCALE), answers={200: component("Finding")}
)
def find_by_body(call: Call) -> Answer:
    """The provider of an address, by its domain alone. `ambiguous`: it does not decide; the likelier is first."""
    return _found(call)


def _found(call: Call) -> Answer:
    try:
        finding = find(parse_address(call.values["address"]), current_providers())
    except InputError as error:
        raise ProblemError(Kind.INVALID_INPUT, error.message) from None
    return Answer(
        {
            "address": finding.address,
            "certainty": finding.certainty.value,
            "providers": [provider_shape(provider) for provider in finding.providers],
            "brand": finding.brand or None,
            "suggestion": None if finding.providers else suggest(finding.address, current_providers()),
        }
    )


@operation("GET", "/clients", "The mail programs", query=(LOCALE,), answers={200: listed(component("Client"))})
def clients(call: Call) -> Answer:
    """Every mail program with the formats of its files, the usual one first. No format: there is only a guide."""
    translations = translations_for(call.locale)
    return Answer(
        [
            {
                "id": client.id,
                "name": translations.gettext(client.name),
                "systems": list(client.systems),
                "formats": list(client.formats),
            }
            for client in CLIENTS.values()
        ]
    )


@operation("GET", "/diagnoses", "The diagnoses", query=(NAMED, LOCALE), answers={200: listed(component("Diagnosis"))},
           problems=(Kind.NOT_FOUND,))  # fmt: skip
def diagnoses(call: Call) -> Answer:
    """Every cause of a failed connection: what happened, why, and what to do now."""
    named = call.values["provider"]
    provider = _provider(named) if named else None
    return Answer([diagnosis_shape(entry, provider, call.locale) for entry in CATALOGUE.values()])


@operation(
    "GET", "/diagnoses/{diagnosis}", "One diagnosis", path=(DIAGNOSIS_ID,), query=(NAMED, LOCALE),
    answers={200: component("Diagnosis")}, problems=(Kind.NOT_FOUND,),
)  # fmt: skip
def diagnosis(call: Call) -> Answer:
    """One diagnosis by its id. Ids stay; texts get better."""
    found = CATALOGUE.get(call.values["diagnosis"])
    if found is None:
        raise ProblemError(Kind.NOT_FOUND)
    named = call.values["provider"]
    return Answer(diagnosis_shape(found, _provider(named) if named else None, call.locale))


def diagnosis_shape(entry: Diagnosis, provider: Provider | None, locale: str) -> dict[str, Any]:
    """Return the catalogue's entry with texts in `locale` that name the servers of `provider`, else of gmx.net."""
    translations = translations_for(locale)
    told = entry.for_provider(provider)
    source = provider or next(iter(current_providers().values()))
    return {
        "id": told.id,
        "title": told.title.translated(translations),
        "why": told.why.translated(translations),
        "advice": [step.translated(translations) for step in told.advice],
        "say": told.say.translated(translations),
        "ask": told.ask.translated(translations),
        "vantages": sorted(vantage.value for vantage in told.vantages),
        "see": source.help_link(told.see, locale) if told.see else None,
    }
