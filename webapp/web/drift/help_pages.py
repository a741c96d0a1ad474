"""The help pages that a provider file names: are they still there, and where do they lead?"""

from webapp.core.providers import Provider
from webapp.core.text import N_, Message
from webapp.web.drift.fetching import Fetcher, FetchError
from webapp.web.drift.findings import Finding, Severity


def of(provider: Provider) -> list[str]:
    """Return every link of the file, each once."""
    return list(dict.fromkeys(link for topics in provider.help_links.values() for link in topics.values()))


def followed(provider: Provider, link: str, fetcher: Fetcher) -> list[Finding]:
    """Return what is to be said of `link`: nothing where the page is where it was."""
    try:
        found = fetcher.get(link, content=False)
    except FetchError as error:
        return [Finding(provider.id, Severity.UNREADABLE, "link-unreachable", link, error.message)]
    if found.status in (404, 410):
        text = Message(N_("The page is gone (%(status)s)."), {"status": found.status})
        return [Finding(provider.id, Severity.DIFFERENCE, "link-broken", link, text)]
    if found.status >= 400:
        text = Message(N_("It answers with status %(status)s."), {"status": found.status})
        return [Finding(provider.id, Severity.UNREADABLE, "link-unreachable", link, text)]
    if found.changes_host:
        text = Message(N_("It redirects to another host: %(url)s"), {"url": found.url})
        return [Finding(provider.id, Severity.DIFFERENCE, "link-moved", link, text)]
    if len(found.urls) > 1:
        text = Message(N_("It redirects to %(url)s"), {"url": found.url})
        severity = Severity.DIFFERENCE if found.permanent else Severity.NOTE
        return [Finding(provider.id, severity, "link-moved", link, text)]
    return []
