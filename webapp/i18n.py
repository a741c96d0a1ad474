"""The language of a page, and how numbers and times are written in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TypeVar
from urllib.parse import urlencode

from babel import Locale
from flask import Flask, request, session, url_for
from flask_babel import Babel, format_date, format_decimal, format_time, get_locale
from werkzeug.datastructures import LanguageAccept

from webapp.text import DEFAULT_LOCALE, Message, Translations, locales, translations_for

T = TypeVar("T")

PARAMETER = "lang"
TIME_ZONE = "Europe/Berlin"  # of GMX's users; the server may stand anywhere

babel = Babel()


class _PageTranslations(Translations):
    """The translations of one language as pages show them: a line never ends within the word E-Mail.

    Only pages ask for these. Files, reports and the command line keep the plain hyphen, and so do the values that are
    filled in, because they come after the translation.
    """

    def __init__(self, locale: str) -> None:
        super().__init__()
        self.add_fallback(translations_for(locale))

    def gettext(self, message: str) -> str:
        return _kept_together(super().gettext(message))

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return _kept_together(super().ngettext(msgid1, msgid2, n))


def _kept_together(text: str) -> str:
    return text.replace("E-Mail", "E\N{NON-BREAKING HYPHEN}Mail")


_page_translations = cache(_PageTranslations)


def init_app(app: Flask) -> None:
    babel.init_app(app, default_locale=DEFAULT_LOCALE, default_timezone=TIME_ZONE, locale_selector=_selected_locale)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # of jinja2.ext.i18n, which Babel added
        gettext=lambda text: _page_translations(current_locale()).gettext(text),
        ngettext=lambda one, many, number: _page_translations(current_locale()).ngettext(one, many, number),
        newstyle=True,
    )
    app.before_request(_remember_choice)
    app.jinja_env.globals.update(translate=translate, language_links=language_links)
    app.jinja_env.filters.update(number=format_decimal, date=_date, time=_time, in_locale=in_locale)
    app.context_processor(lambda: {"locale": current_locale()})


def current_locale() -> str:
    """Return the language of this request, one of `locales()`."""
    return str(get_locale() or DEFAULT_LOCALE)


def in_locale(by_locale: Mapping[str, tuple[T, ...]]) -> tuple[T, ...]:
    """Return the entries in the person's language, or those there are."""
    return by_locale.get(current_locale()) or next(iter(by_locale.values()), ())


def translate(message: Message) -> str:
    """Return a core message in the language of this request, for a page."""
    return message.translated(_page_translations(current_locale()))


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """The page of this request in one language."""

    locale: str
    name: str  # in that language itself
    url: str
    current: bool


def language_name(locale: str) -> str:
    """Return what a language is called in that language itself."""
    return Locale.parse(locale).get_display_name(locale) or locale


def language_links() -> list[LanguageLink]:
    """Return this page in every language, for the switch and for hreflang.

    A page that answers no GET (the reply to a form) leads to the start page instead.
    """
    rule = request.url_rule
    # Not url_for(endpoint, **request.args): a query such as ?_scheme=… would become an argument of url_for.
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
    """Return the best of `locales()` that an Accept-Language header names, else German."""
    for tag, quality in accepted:  # best first; best_match would prefer "en" to the better "de-AT"
        language = tag.lower().partition("-")[0]
        if quality > 0 and language in locales():
            return language
    return DEFAULT_LOCALE


def _remember_choice() -> None:
    choice = request.args.get(PARAMETER)
    if request.endpoint == "assets.show":  # the same for everybody, and kept by everybody's caches
        return
    if choice in locales() and session.get("locale") != choice:
        session["locale"] = choice


def _date(value: datetime) -> str:
    return str(format_date(value, "long"))


def _time(value: datetime) -> str:
    return str(format_time(value, "short"))
