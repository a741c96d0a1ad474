"""The person's page about a colleague who wants to look on: who it is, yes or no, and an end to it."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.helpdesk import colleagues, person
from webapp.helpdesk.colleagues import Watcher
from webapp.helpdesk.live import forget_person_case, joined_case
from webapp.helpdesk.room import blueprint
from webapp.infrastructure import db
from webapp.infrastructure.models import Case


def _asked() -> tuple[Case, Watcher] | None:
    case = joined_case()
    if case is None:
        return None
    with db.read() as reading:
        found = colleagues.of_case(reading, case)
    return (case, found) if found is not None else None


@blueprint.get("/join/colleague")
def colleague() -> ResponseReturnValue:
    """Say who wants to look on, and ask; to who has agreed, offer the end of it."""
    found = _asked()
    if found is None:
        return redirect(url_for("helpdesk.stored"), 303)
    return render_template("helpdesk/colleague.html", watcher=found[1], helper=person.helper(found[0]))


@blueprint.post("/join/colleague")
def answer_colleague() -> ResponseReturnValue:
    """Let the colleague look on whose name was read; everything else ends it."""
    found = _asked()
    if found is not None:
        if request.form.get("answer") == "yes" and request.form.get("agent") == str(found[1].agent_id):
            colleagues.agree(found[0].id, found[1].agent_id)
        else:
            colleagues.end(found[0].id)
        forget_person_case()
    return redirect(url_for("helpdesk.stored"), 303)
