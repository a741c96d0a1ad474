"""What is known: providers, whose address is whose, mail programs, diagnoses."""

from typing import Any

from webapp.api.accounts import ADDRESS, PROVIDER, named_provider
from webapp.api.inputs import Field
from webapp.api.operations import LOCALE, Answer, Call, operation
from webapp.api.problems import Kind, ProblemError
from webapp.api.shapes import component, listed
from webapp.core.account import EXAMPLES, parse_address
from webapp.core.clients import CLIENTS
from webapp.core.diagnosis import CATALOGUE, Diagnosis
from webapp.core.diagnosis.messages import results, search
from webapp.core.providers import Provider, find, suggest
from webapp.core.text import InputError, translations_for
from webapp.infrastructure.config import current_providers, site_provider

PROVIDER_ID = Field(
    "provider", "Id of a provider.", {**PROVIDER.schema, "examples": [EXAMPLES["example_domain"]]}, required=True
)
DIAGNOSIS_ID = Field(
    "diagnosis",
    "Id of a diagnosis.",
    {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[a-z0-9-]+$", "examples": ["login-refused"]},
    required=True,
)
NAMED = Field("provider", "Id of the provider whose servers the texts name.", PROVIDER.schema)


@operation("GET", "/providers", "The providers", answers={200: listed(component("Provider"))}, query=(LOCALE,))
def providers(call: Call) -> Answer:
    """Every mail provider this site knows, with its domains and servers."""
    return Answer([provider.to_json() for provider in current_providers().values()])


@operation(
    "GET", "/providers/{provider}", "One provider", path=(PROVIDER_ID,), query=(LOCALE,),
    answers={200: component("Provider")}, problems=(Kind.NOT_FOUND,),
)  # fmt: skip
def provider(call: Call) -> Answer:
    """One provider by its id."""
    return Answer(_provider(call.values["provider"]).to_json())


def _provider(provider_id: str) -> Provider:
    return named_provider(provider_id, current_providers())


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
            "providers": [provider.to_json() for provider in finding.providers],
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


QUESTION = Field(
    "q", "A message, a code or words.", {"type": "string", "minLength": 1, "maxLength": 2000}, required=True
)
PROGRAM = Field("program", "Id of the mail program that shows it.", {"enum": list(CLIENTS)})


@operation("GET", "/messages", "What a message means", query=(QUESTION, PROGRAM, LOCALE),
           answers={200: component("Messages")})  # fmt: skip
def messages(call: Call) -> Answer:
    """Known messages that fit, likeliest first, with the ids of their diagnoses. Nothing of the question is kept."""
    return Answer(results(search(call.values["q"], call.values["program"]), call.locale, site_provider().name))


@operation("POST", "/messages", "What a log means", name="messages_of_text", query=(PROGRAM, LOCALE),
           text_body=("text/plain", {"type": "string"}), answers={200: component("Messages")})  # fmt: skip
def messages_of_text(call: Call) -> Answer:
    """The same for a whole log: the last error in it counts. Nothing of it is kept."""
    return Answer(
        results(search(call.body.decode(errors="replace"), call.values["program"]), call.locale, site_provider().name)
    )


def diagnosis_shape(entry: Diagnosis, provider: Provider | None, locale: str) -> dict[str, Any]:
    """Return the catalogue's entry with texts in `locale` that name `provider`, else the one that the site is about."""
    translations = translations_for(locale)
    source = provider or site_provider()
    told = entry.for_provider(source)
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
