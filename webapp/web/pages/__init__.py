"""Static pages: settings of the providers, privacy, imprint, accessibility.

No input, no state. Servers and dates come from provider data, durations from `webapp.infrastructure.config`; rooms that
are not installed (`webapp.ROOMS`) are not mentioned.
"""

import re
from collections.abc import Mapping

from flask import Blueprint, abort, current_app, render_template

from webapp.core.account import Server, ServerType
from webapp.core.providers import Provider
from webapp.core.text import N_
from webapp.infrastructure import compression, config, i18n, security
from webapp.web.wizard import answers

# Titles of a provider's help pages in the list of sources, in the article's order.
HELP_PAGES: Mapping[str, str] = {
    "overview": N_("POP3 and IMAP"),
    "activation": N_("Allow access by POP3 and IMAP"),
    "pop3-server-data": N_("Servers for POP3"),
    "two-factor": N_("Two-factor login"),
    "app-password": N_("Application-specific passwords"),
    "aliases": N_("Further addresses (aliases)"),
    "spam": N_("Spam folder"),
    "locked": N_("Locked mailbox"),
}

_MAIL_ADDRESS = re.compile(r"[^\s@<>\"?&]+@[^\s@<>\"?&]+\.[^\s@<>\"?&]+")
_TELEPHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{4,}")

blueprint = Blueprint("pages", __name__)
compression.allow(blueprint)


@blueprint.get("/settings")
def overview() -> str:
    """List the providers with their domains, the person's own first, if known."""
    own = answers.load().provider_id
    providers = sorted(config.current_providers().values(), key=lambda provider: provider.id != own)
    return render_template("pages/overview.html", entries=[(provider, _domains(provider)) for provider in providers])


@blueprint.get("/settings/<provider>")
def settings(provider: str) -> str:
    """Show the settings of one provider and the article about them; indexable."""
    found = config.current_providers().get(provider)
    if found is None:
        abort(404)
    security.allow_indexing()
    receiving, sending = found.server(ServerType.POP3), found.server(ServerType.SMTP)
    links = found.help_links.get(i18n.current_locale(), {})
    return render_template(
        "pages/settings.html",
        provider=found,
        domains=_domains(found),
        receiving=receiving,
        receiving_else=_others(found, receiving),
        sending=sending,
        sending_else=_others(found, sending),
        imap=found.imap,
        shared=_shared(found),
        activation=found.paths("activation"),
        app_password=found.paths("app_password"),
        site_language=next(iter(found.activation or found.app_password), ""),
        help_pages=[(title, link) for topic, title in HELP_PAGES.items() if (link := links.get(topic))],
    )


@blueprint.get("/privacy")
def privacy() -> str:
    """Show what is stored, where, and for how long, from `webapp.infrastructure.config`."""
    return render_template(
        "pages/privacy.html",
        rooms=frozenset(current_app.blueprints),
        session_hours=config.SESSION_HOURS,
        link_hours=config.LINK_HOURS,
        result_minutes=config.RUN_STATE_SECONDS // 60,
        password_seconds=config.PASSWORD_SECONDS,
    )


@blueprint.get("/imprint")
def imprint() -> str:
    return render_template("pages/imprint.html")


@blueprint.get("/accessibility")
def accessibility() -> str:
    return render_template("pages/accessibility.html", session_hours=config.SESSION_HOURS)


@blueprint.app_context_processor
def _reach() -> dict[str, object]:
    """Let every page lead to the operator by one press."""
    return {"contact_link": contact_link}


def contact_link(contact: str) -> str | None:
    """Return the URL for a contact that is just a mail address or telephone number, else None."""
    if _MAIL_ADDRESS.fullmatch(contact):
        return f"mailto:{contact}"
    if _TELEPHONE.fullmatch(contact):
        return "tel:" + re.sub(r"[^+0-9]", "", contact.replace("(0)", ""))
    return None


@blueprint.app_template_test("telephone")
def names_number(contact: str) -> bool:
    """Return whether a contact names a number to call, whatever else it says; digits of an address are none."""
    return bool(re.search("[0-9]{2}", re.sub(r"\S*(@|://)\S*", "", contact)))


def _domains(provider: Provider) -> list[str]:
    """Return the domains in display order: gmx.de before email.gmx."""
    return sorted(provider.domains, key=lambda domain: (not domain.startswith(f"{provider.name.lower()}."), domain))


def _others(provider: Provider, main: Server) -> list[Server]:
    """Return the alternatives to the servers in `main`."""
    return [server for server in provider.servers_of(main.type) if server is not main]


def _shared(provider: Provider) -> list[tuple[str, Provider]]:
    """Return the domains shared with another provider, each with that provider."""
    providers = config.current_providers()
    ours = provider.domains_shared_with.items()
    theirs = [
        (domain, other.id)
        for other in providers.values()
        for domain, owner in other.domains_shared_with.items()
        if owner == provider.id
    ]
    return [(domain, providers[other]) for domain, other in (*ours, *theirs) if other in providers]
