"""What was sent with a mistake waits in the session until its page has told it, once.

Then “back” and “reload” find a page, not the browser's question whether to send again. A password never waits: its
field is empty again and says so, as does one whose text no cookie has room for. The page that tells a mistake of
`refuse` has the status 422, so that programs know it from success. It is told in the language of the page.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import current_app, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Field, PasswordField, TextAreaField
from wtforms.csrf.core import CSRFTokenField
from wtforms.validators import ValidationError

from webapp.core.text import InputError, Message
from webapp.infrastructure.i18n import Translated, translate
from webapp.infrastructure.session import MISTAKE as KEY

F = TypeVar("F", bound=FlaskForm)
_NO_FORM = "no form"


def put(field: Field, mistake: InputError | str) -> None:
    """Say below `field` what is wrong in it: an `N_` text, or what was raised."""
    field.errors = [_text_of(mistake)]


def invalid(mistake: InputError | str) -> ValidationError:
    """Return what a form's own check raises, to the same effect as `put`."""
    return ValidationError(_text_of(mistake))


def _text_of(mistake: InputError | str) -> str:
    return translate(mistake.message if isinstance(mistake, InputError) else Message(mistake))


def keep(place: str, form: str = "", **what: Any) -> bool:
    """Let `what` wait for the page `place`, if it fits into the cookie; return whether it does.

    form: the name of the class, where the page has several forms.
    """
    session[KEY] = {"place": place, "form": form, **what}
    if current_app.session_interface.fits(dict(session)):  # type: ignore[attr-defined]  # infrastructure.session
        return True
    del session[KEY]
    return False


def take(place: str, form: str = "") -> dict[str, Any] | None:
    """Return what waits for this page and form; None for nothing. It is told once, and not to a HEAD."""
    kept: dict[str, Any] = session.get(KEY) or {}
    if (kept.get("place"), kept.get("form")) != (place, form):
        return None
    if request.method != "HEAD":
        del session[KEY]
    return kept


def tell(message: Message, url: str) -> ResponseReturnValue:
    """Lead to the page at `url`, which says by `told` why nothing was done."""
    keep(urlsplit(url).path, _NO_FORM, text=_packed(message))
    return redirect(url, 303)


def told() -> str:
    """Return the sentence of `tell` that waits for the page that is asked for; "" for none."""
    kept = take(_here(), _NO_FORM)
    return _said(kept["text"]) if kept else ""


def refuse(
    form: FlaskForm, url: str, page: Callable[[], ResponseReturnValue], *, never: Collection[str] = ()
) -> ResponseReturnValue:
    """Lead to the page at `url`, which tells by `form_of` what is wrong in `form`.

    page: makes that page, to be shown at once where nowhere is room for the mistake, or for a text of several lines.
    never: fields that are not kept, like a password.
    """
    errors = {field.name: _kept(field.errors[0]) for field in form if field.errors}
    typed = {
        field.name: text
        for field in form
        if isinstance(text := (field.raw_data or [field.data])[0], str) and text
        if not isinstance(field, CSRFTokenField)
    }
    secret = {name for name in typed if name in never or isinstance(form[name], PasswordField)}
    for room in (2000, 200):  # characters
        fields = {name: text for name, text in typed.items() if name not in secret and len(text) <= room}
        emptied = sorted(typed.keys() - fields.keys())
        if any(isinstance(form[name], TextAreaField) and name not in secret for name in emptied):
            break
        if keep(urlsplit(url).path, type(form).__name__, fields=fields, errors=errors, emptied=emptied):
            return redirect(url, 303)
    return page()


def form_of(kind: type[F], data: Mapping[str, Any] | None = None) -> F:
    """Return the form of the page that is asked for: with the mistake that was sent just now, else with `data`."""
    kept: Mapping[str, Any] = take(_here(), kind.__name__) or {}
    form: F = kind(formdata=MultiDict(kept["fields"]) if kept else None, data=None if kept else data)
    for name, text in kept.get("errors", {}).items():
        form[name].errors = [_said(text)]
    for name in kept.get("emptied", ()):
        form[name].emptied = True
    return form


def status(*parts: FlaskForm | str) -> int:
    """Return the status of a page with these forms and what was `told`: 422 where one tells a mistake."""
    return 422 if any(part if isinstance(part, str) else part.errors for part in parts) else 200


def _here() -> str:
    return request.script_root + request.path


def _kept(error: str) -> Any:
    return _packed(error.message) if isinstance(error, Translated) else str(error)


def _packed(message: Message) -> list[Any]:
    """Return the message as the cookie can hold it."""
    values = {name: _packed(one) if isinstance(one, Message) else one for name, one in message.values.items()}
    return [message.text, values, message.plural]


def _unpacked(kept: list[Any]) -> Message:
    text, values, plural = kept
    return Message(
        text, {name: _unpacked(one) if isinstance(one, list) else one for name, one in values.items()}, plural
    )


def _said(kept: Any) -> str:
    return translate(_unpacked(kept)) if isinstance(kept, list) else kept
