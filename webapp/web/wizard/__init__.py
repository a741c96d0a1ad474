"""The wizard: three questions, then the guide; what has a safe default is changed at `/adjust`."""

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.core.account import ServerType, shorten_address
from webapp.core.providers import Certainty, find, suggest
from webapp.core.systems import SYSTEMS
from webapp.core.typed_address import as_typed
from webapp.infrastructure import compression, security
from webapp.infrastructure.config import current_providers
from webapp.infrastructure.i18n import PERSONS_PROVIDER
from webapp.web.wizard import adjusting, asking, finish, forms, mx, pictures, programs
from webapp.web.wizard import answers as store
from webapp.web.wizard.steps import ADJUSTMENTS, STEPS, Step, is_complete, path

blueprint = Blueprint("wizard", __name__)
compression.allow(blueprint)
finish.register(blueprint)
adjusting.register(blueprint)
blueprint.add_app_template_filter(shorten_address, "shortened")
blueprint.record_once(lambda state: state.app.extensions.update({PERSONS_PROVIDER: store.persons_provider}))

REVIEW = "review"  # a step that is no more


@blueprint.app_context_processor
def _words() -> dict[str, Any]:
    """Give every template our names of systems and programs, addresses as typed, and where a person goes on."""
    return {
        "systems": SYSTEMS,
        "program_label": programs.label,
        "as_typed": as_typed,
        "guide_url": lambda: asking.next_url(store.load()),
        "person_address": lambda: store.load().email_address,
    }


@blueprint.get("/")
def start() -> ResponseReturnValue:
    """Ask for the address, the first step; indexable."""
    security.allow_indexing()
    return asking.show(STEPS[0], asking.known(store.load()))


@blueprint.route("/setup/<slug>", methods=["GET", "POST"])
def step(slug: str) -> ResponseReturnValue:
    """Ask one question, or take its answer; who is too early or too late is sent to the first unanswered step."""
    answers = asking.known(store.load())
    asked = next((candidate for candidate in STEPS if candidate.slug == slug), None)
    if asked is None:
        return _former(slug, answers)
    if request.method == "POST" and asking.is_of_another_address(answers):
        return redirect(url_for("wizard.step", slug=slug, changed=1), 303)
    if asked not in path(answers):
        return redirect(asking.next_url(answers), 303)
    if request.method == "POST":
        return _answered(asked, answers)
    stop = asked.stop(answers)
    if asked is STEPS[0] and not stop:
        return redirect(url_for("wizard.start", changed=request.args.get("changed")), 303)
    return asking.show(asked, answers, stop)


@blueprint.get("/switch")
@blueprint.get("/switch/<provider_id>")
def switch(provider_id: str = "") -> str:
    """Show the switch at the provider to who came from their phone: a short address to type, no answers."""
    known = current_providers()
    provider = known.get(provider_id or next(iter(known)))
    if provider is None or not provider.activation:
        abort(404)
    return render_template("wizard/switch.html", provider=provider, page_of=pictures.page_of)


def _former(slug: str, answers: store.Answers) -> ResponseReturnValue:
    """Lead from the address of a question that is now changed at `/adjust`."""
    if slug not in (REVIEW, *(former.slug for former in ADJUSTMENTS)):
        abort(404)
    if not is_complete(answers):
        return redirect(asking.next_url(answers), 303)
    return redirect(url_for("wizard.adjust") if slug == REVIEW else url_for("wizard.adjustment", slug=slug), 303)


def _answered(asked: Step, answers: store.Answers) -> ResponseReturnValue:
    if asked is STEPS[0] and "switch" in request.form:
        protocol = ServerType.IMAP if request.form["switch"] == ServerType.IMAP else ServerType.POP3
        typed = {"email_address": request.form.get("email_address", ""), "protocol": protocol, "switch": "1"}
        return asking.refuse(asked, typed, protocol=protocol)
    if request.form.get("confirm") and asked.slug in answers:
        return asking.keep(asked, _confirmed(asked, answers), _onward)
    form = asking.checked(asked, answers)
    if not isinstance(form, forms.StepForm):
        return form
    answer = form.answer()
    if isinstance(form, forms.AddressForm) and (form.protocol.data == ServerType.IMAP or "protocol" in answers):
        answers = answers.answered("protocol", {"protocol": form.protocol.data})
    if asked.slug == "address":
        answer |= _finding(answer["email_address"])
        if answer["email_address"] != answers.email_address:
            answers = answers.without("platform", "preparation")
    if asked.slug == "program":
        answers = answers.unconfirmed("retention")  # whose page showed another plan
    return asking.keep(asked, answers.answered(asked.slug, answer), _onward)


def _finding(address: str) -> dict[str, Any]:
    """Return what we know of an address, as it is kept: closed words and what the person typed."""
    finding = find(address, current_providers())
    found: dict[str, Any] = {
        "providers": [provider.id for provider in finding.providers],
        "certainty": finding.certainty.value,
    }
    if finding.brand:
        found["handler"] = finding.brand
    if finding.certainty is Certainty.UNKNOWN:
        if "sure" not in request.form and (suggestion := suggest(address, current_providers())):
            found["suggestion"] = suggestion
        elif handler := mx.handler_of(address.partition("@")[2]):
            found["handler"] = handler
    return found


def _confirmed(asked: Step, answers: store.Answers) -> store.Answers:
    """Return the answers after the person read the page that stops them, and goes on."""
    if asked.slug == "address":  # a mailbox that we serve all the same, they say; the next question asks where
        if answers.certainty != Certainty.UNKNOWN:
            abort(400)
        known = current_providers().values()
        handler = answers["address"].get("handler")
        candidates = [provider.id for provider in known if provider.name == handler] or [one.id for one in known]
        answer = {**answers["address"], "providers": candidates, "certainty": Certainty.CONFIRM.value}
        return answers.answered("address", answer)
    return answers.confirmed(asked.slug)


def _onward(asked: Step, answers: store.Answers) -> ResponseReturnValue:
    """Send the person on: to the page that holds them, else to the step after this one, else to the guide."""
    open_steps = path(answers)
    if asked.stop(answers):
        return redirect(url_for("wizard.step", slug=asked.slug, **asking.kept_query()), 303)
    if "next" in request.args and is_complete(answers):  # of the next device; the switch at the provider is on
        return redirect(url_for("guides.start"), 303)
    if asked in open_steps and asked is not open_steps[-1]:
        return redirect(asking.url_of(open_steps[open_steps.index(asked) + 1]), 303)
    return redirect(asking.next_url(answers), 303)
