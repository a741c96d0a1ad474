"""The locale of a request, and the formats of numbers and times."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Literal, TypeVar
from urllib.parse import urlencode

from babel import Locale
from babel.lists import format_list
from flask import Flask, current_app, g, request, session, url_for
from flask_babel import Babel, format_date, format_decimal, format_time, get_locale
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from werkzeug.datastructures import LanguageAccept

from webapp.core.providers import Provider
from webapp.core.providers.types import Notice
from webapp.core.text import DEFAULT_LOCALE, N_, Message, Translations, filled, locales, translations_for
from webapp.infrastructure.config import current_config, site_provider

V = TypeVar("V")

PARAMETER = "lang"
TIME_ZONE = "Europe/Berlin"  # of GMX's users, wherever the server is

PERSONS_PROVIDER = "persons_provider"  # an extension: returns the provider of the person's answers, None for unknown
_SPOKEN_OF = "spoken_of"
_OF_THE_PROVIDER = ("%(provider)s", "%(website)s", "%(example_address)s", "%(example_domain)s")

babel = Babel()


class _PageTranslations(Translations):
    """The translations for pages: with a non-breaking hyphen in “E-Mail”, “K-9” and “oder -Tablet”.

    Files, reports, the command line and interpolated values keep the plain hyphen.
    """

    def __init__(self, locale: str) -> None:
        super().__init__()
        self.add_fallback(translations_for(locale))

    def gettext(self, message: str) -> str:
        return _kept_together(super().gettext(message))

    def pgettext(self, context: str, message: str) -> str:
        return _kept_together(super().pgettext(context, message))

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return _kept_together(super().ngettext(msgid1, msgid2, n))


def _kept_together(text: str) -> str:
    for word in ("-E-Mail", "E-Mail", "E-mail", "e-mail", "K-9", " -Tablet"):
        text = text.replace(word, word.replace("-", "\N{NON-BREAKING HYPHEN}"))
    return text


_page_translations = cache(_PageTranslations)


def init_app(app: Flask) -> None:
    app.extensions.setdefault(PERSONS_PROVIDER, lambda: None)
    babel.init_app(app, default_locale=DEFAULT_LOCALE, default_timezone=TIME_ZONE, locale_selector=_selected_locale)
    app.jinja_env.globals.update(_=_gettext, gettext=_gettext, ngettext=_ngettext)
    app.before_request(_remember_choice)
    app.jinja_env.globals.update(translate=_translate, label=_label, language_links=language_links)
    app.jinja_env.filters.update(
        number=format_decimal,
        date=lambda value: format_date(value, "long"),
        time=lambda value: format_time(value, "short"),
    )
    app.jinja_env.globals.update(
        pop3_needs=_pop3_needs, site_name=site_name, site_provider=site_provider, notices=_notices,
    )  # fmt: skip
    app.jinja_env.filters.update(for_locale=for_locale, listed=listed, in_quotes=in_quotes)
    app.context_processor(lambda: {"locale": current_locale()})


@pass_context
def _gettext(__context: Context, __text: str, **values: object) -> str:
    """`_` of templates: %(provider)s and %(website)s are filled in by themselves, with those the page is about."""
    return _filled(__context, _page_translations(current_locale()).gettext(__text), values)


@pass_context
def _ngettext(__context: Context, __one: str, __many: str, __count: int, **values: object) -> str:
    values.setdefault("num", __count)
    return _filled(__context, _page_translations(current_locale()).ngettext(__one, __many, __count), values)


def _filled(context: Context, text: str, values: dict[str, object]) -> str:
    values = _of_the_provider(text, values, lambda: named_provider(context))
    return filled(Markup(text) if context.eval_ctx.autoescape else text, values)  # noqa: S704  texts of ours


def _of_the_provider(text: str, values: Mapping[str, V], provider: Callable[[], Provider]) -> dict[str, V | str]:
    """Return `values` with the provider's name and website where `text` wants them and they are not given.

    The core's general examples of an address give way to the provider's.
    """
    if not any(one in text for one in _OF_THE_PROVIDER):
        return {**values}
    about = provider()
    examples = {"example_address": about.example_address, "example_domain": about.main_domain}
    return {"provider": about.name, "website": about.website, **values, **examples}


def named_provider(context: Context) -> Provider:
    """Return the provider that a page is about: its own, else the person's, else the site's."""
    found = context.get("provider")
    return found if isinstance(found, Provider) else persons_provider()


def persons_provider() -> Provider:
    """Return the provider of the person's answers, else the one that the site is about."""
    found: Provider | None = g.get(_SPOKEN_OF) or current_app.extensions[PERSONS_PROVIDER]()
    return found or site_provider()


def speak_of(provider: Provider) -> None:
    """Let this request speak of another provider: that of a case which an agent looks at."""
    setattr(g, _SPOKEN_OF, provider)


def _pop3_needs() -> str:
    """Return what POP3 needs at the person's provider: a plan, a fee; "" for nothing, or no address yet."""
    found: Provider | None = current_app.extensions[PERSONS_PROVIDER]()
    return for_locale(found.pop3_needs) if found else ""


@pass_context
def _notices(context: Context) -> tuple[Notice, ...]:
    """Return what is known to be wrong today at the provider that the page is about."""
    return named_provider(context).current_notices(datetime.now(UTC).date())


def site_name() -> str:
    """Return the name of the site: the operator's, else one made of the provider that the site is about."""
    values = {"provider": site_provider().name}
    return current_config().site_name or translate(Message(N_("%(provider)s set-up help"), values))


def for_locale(by_locale: Mapping[str, str]) -> str:
    """Return the text in the current locale, else in another; "" for none."""
    return by_locale.get(current_locale()) or next(iter(by_locale.values()), "")


def in_quotes(sentence: str) -> str:
    """Return the sentence as somebody says it: in quotation marks, with single ones for those within it."""
    outer, inner = (translate(Message(marks)) for marks in (N_("“%(sentence)s”"), N_("‘%(sentence)s’")))
    for mark, single in zip(outer.split("%(sentence)s"), inner.split("%(sentence)s"), strict=True):
        sentence = sentence.replace(mark, single)
    return outer.replace("%(sentence)s", sentence)


def listed(words: Iterable[str], style: Literal["standard", "or"] = "standard") -> str:
    """Return the words as a list in a sentence: “GMX, WEB.DE und mail.com”."""
    return format_list(list(words), style, current_locale())


def current_locale() -> str:
    """Return the locale of this request, one of `locales()`."""
    return str(get_locale() or DEFAULT_LOCALE)


@pass_context
def _translate(context: Context, message: Message) -> str:
    """Translate a core message in a template: as `_` does."""
    return _translated(message, lambda: named_provider(context))


class Translated(str):
    """A text for a page that knows the message it was made of, to be said once more in another language."""

    message: Message


def translate(message: Message) -> str:
    """Translate a core message for a page; %(provider)s is the person's provider where nothing else is given."""
    said = Translated(_translated(message, persons_provider))
    said.message = message
    return said


def _translated(message: Message, provider: Callable[[], Provider]) -> str:
    within = {
        name: _translated(value, provider) if isinstance(value, Message) else value
        for name, value in message.values.items()
    }
    values = _of_the_provider(f"{message.text}{message.plural}", within, provider)
    return replace(message, values=values).translated(_page_translations(current_locale()))


@pass_context
def _label(context: Context, word: str) -> str:
    """Translate a text of the core marked with `N_` or `NC_` for a page."""
    return str(_translate(context, Message(word)))


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """The current page in one language."""

    locale: str
    name: str  # in that language itself
    url: str
    current: bool


def language_name(locale: str) -> str:
    return Locale.parse(locale).get_display_name(locale) or locale


def language_links() -> list[LanguageLink]:
    """Return the current page in every language, for the language switch and hreflang.

    A page without GET (the response to a form) links to the start page.
    """
    rule = request.url_rule
    # Not url_for(endpoint, **request.args): ?_scheme=… would become an argument of url_for.
    path = url_for(rule.endpoint, **(request.view_args or {})) if rule and "GET" in (rule.methods or ()) else None
    query = {name: value for name, value in request.args.items() if name != PARAMETER} if path else {}
    return [
        LanguageLink(
            locale=locale,
            name=language_name(locale),
            url=f"{path or request.script_root + '/'}?{urlencode({**query, PARAMETER: locale})}",
            current=locale == current_locale(),
        )
        for locale in locales()
    ]


def _selected_locale() -> str:
    """`?lang=`, then the session, then Accept-Language, then German."""
    for choice in (request.args.get(PARAMETER), session.get("locale")):
        if choice in locales():
            return str(choice)
    return accepted_locale(request.accept_languages)


def accepted_locale(accepted: LanguageAccept) -> str:
    """Return the best match of `locales()` for an Accept-Language header, else German."""
    for tag, quality in accepted:  # best first; best_match would prefer "en" to a better "de-AT"
        language = tag.lower().partition("-")[0]
        if quality > 0 and language in locales():
            return language
    return DEFAULT_LOCALE


def _remember_choice() -> None:
    choice = request.args.get(PARAMETER)
    if request.endpoint == "assets.show":  # publicly cacheable
        return
    if choice in locales() and session.get("locale") != choice:
        session["locale"] = choice


def day_and_time(value: datetime) -> str:
    """Return the moment to the minute, as the language writes it."""
    return f"{format_date(value, 'medium')}, {format_time(value, 'short')}"
