"""What was sent with a mistake waits in the session until its page has told it, once.

Then “back” and “reload” find a page, not the browser's question whether to send again. A password never waits: its
field is empty again and says so, as does one whose text no cookie has room for. The page that tells a mistake of
`refuse` has the status 422, so that programs know it from success.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import current_app, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, StringField
from wtforms.csrf.core import CSRFTokenField

from webapp.infrastructure.session import MISTAKE as KEY

F = TypeVar("F", bound=FlaskForm)


def keep(place: str, **what: Any) -> bool:
    """Let `what` wait for the page `place`, if it fits into the cookie; return whether it does."""
    session[KEY] = {"place": place, **what}
    if current_app.session_interface.fits(dict(session)):  # type: ignore[attr-defined]  # infrastructure.session
        return True
    del session[KEY]
    return False


def take(place: str) -> dict[str, Any] | None:
    """Return what waits for this page; None for nothing. It is told once, and not to a HEAD."""
    kept: dict[str, Any] = session.get(KEY) or {}
    if kept.get("place") != place:
        return None
    if request.method != "HEAD":
        del session[KEY]
    return kept


def refuse(
    form: FlaskForm, url: str, page: Callable[[], ResponseReturnValue], *, never: Collection[str] = ()
) -> ResponseReturnValue:
    """Lead to the page at `url`, which tells by `form_of` what is wrong in `form`.

    page: makes that page, to be shown at once where nowhere is room for the mistake. never: fields that are not kept,
    like a password.
    """
    errors = {field.name: str(field.errors[0]) for field in form if field.errors}
    typed = {
        field.name: field.data
        for field in form
        if isinstance(field, (StringField, BooleanField)) and field.data and not isinstance(field, CSRFTokenField)
    }
    secret = {name for name in typed if name in never or isinstance(form[name], PasswordField)}
    for room in (2000, 200):  # characters
        fields = {name: data for name, data in typed.items() if name not in secret and len(str(data)) <= room}
        if keep(urlsplit(url).path, fields=fields, errors=errors, emptied=sorted(typed.keys() - fields.keys())):
            return redirect(url, 303)
    return page()


def form_of(kind: type[F]) -> F:
    """Return the form of the page that is asked for: with the mistake that was sent just now, else empty."""
    kept: Mapping[str, Any] = take(request.script_root + request.path) or {}
    form: F = kind(formdata=None, data=kept.get("fields"))
    for name, text in kept.get("errors", {}).items():
        form[name].errors = [text]
    for name in kept.get("emptied", ()):
        form[name].emptied = True
    return form


def status(form: FlaskForm) -> int:
    """Return the status of a page with `form`: 422 where it tells a mistake."""
    return 422 if form.errors else 200
