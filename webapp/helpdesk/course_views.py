"""The agent's pages of a course: make it, print its sheet, open it on its day."""

from collections.abc import Sequence
from typing import Any

from flask import abort, redirect, render_template, url_for
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import DateField, IntegerField, StringField

from webapp.core.text import N_, InputError
from webapp.helpdesk import courses
from webapp.helpdesk.invitations import invitation_url, join_address
from webapp.helpdesk.room import Answer, blueprint
from webapp.helpdesk.sessions import for_agents, me
from webapp.infrastructure import codes, db, mistakes, qr
from webapp.infrastructure.config import current_config
from webapp.infrastructure.models import Case, CaseState, Course, CoursePlace


class CourseForm(FlaskForm):
    name = StringField(N_("Name of the course"), filters=[codes.printable])
    day = DateField(N_("Day"))
    places = IntegerField(N_("Places"))

    def validate_name(self, field: StringField) -> None:
        field.data = " ".join((field.data or "").split())
        if not 0 < len(field.data) <= courses.NAME_MAX:
            raise mistakes.invalid(N_("A name has one to 34 characters."))

    def validate_day(self, field: DateField) -> None:
        field.errors = []  # WTForms' own words
        if field.data is None:
            raise mistakes.invalid(N_("Choose the day of the course."))

    def validate_places(self, field: IntegerField) -> None:
        field.errors = []
        if field.data is None or not 1 <= field.data <= courses.PLACES_MAX:
            raise mistakes.invalid(N_("A course has 1 to 30 places."))


@blueprint.get("/helpdesk/courses")
@for_agents
def courses_page() -> Answer:
    form = mistakes.form_of(CourseForm, {"day": courses.today(current_config()), "places": 12})
    problem = mistakes.told()
    return _list(form, problem), mistakes.status(form, problem)


def _list(form: CourseForm, problem: str = "") -> str:
    with db.read() as reading:
        return render_template(
            "helpdesk/courses.html", form=form, courses=courses.of_agent(reading, me().agent_id),
            colleagues=courses.of_colleagues(reading, me().agent_id), problem=problem,
        )  # fmt: skip


@blueprint.post("/helpdesk/courses")
@for_agents
def make_course() -> Answer:
    form = CourseForm()
    if not form.validate():
        return _refused(form)
    try:
        made = courses.create(me().agent_id, me().login, form.name.data, form.day.data, form.places.data)
    except InputError as error:
        mistakes.put(form.day, error)
        return _refused(form)
    return redirect(url_for("helpdesk.course", reference=made), 303)


def _refused(form: CourseForm) -> Answer:
    return mistakes.refuse(form, url_for("helpdesk.courses_page"), lambda: (_list(form), 422))


def _own(session: db.Session, reference: str) -> Course:
    """Return the agent's own course; 404 for every other."""
    own = (Course.reference == reference, Course.agent_id == me().agent_id)
    found = session.scalar(select(Course).where(*own))
    return found or abort(404)


def _places(session: db.Session, course: Course) -> Sequence[Any]:
    """Return number, used_at, and reference and state of the case of every place."""
    query = (
        select(CoursePlace.number, CoursePlace.used_at, Case.reference, Case.state)
        .outerjoin(Case, Case.id == CoursePlace.case_id)
        .where(CoursePlace.course_id == course.id)
        .order_by(CoursePlace.number)
    )
    return session.execute(query).all()


@blueprint.get("/helpdesk/courses/<reference>")
@for_agents
def course(reference: str) -> Answer:
    with db.read() as reading:
        found = _own(reading, reference)
        return render_template(
            "helpdesk/course.html", course=found, places=_places(reading, found), states=CaseState,
            is_today=found.day == courses.today(current_config()),
        )  # fmt: skip


@blueprint.get("/helpdesk/courses/<reference>/sheet")
@for_agents
def course_sheet(reference: str) -> Answer:
    """Show the sheet to print: a link for every place, as a picture."""
    with db.read() as reading:
        found = _own(reading, reference)
    cards = [(number, qr.qr_code(invitation_url(token))) for number, token in courses.links(found)]
    return render_template(
        "helpdesk/course-sheet.html", course=found, cards=cards, agent=me().name,
        join_address=join_address(),
    )  # fmt: skip


@blueprint.post("/helpdesk/courses/<reference>/take")
@for_agents
def take_course(reference: str) -> Answer:
    """Take over a colleague's course; the links of the printed sheet stay good."""
    try:
        with db.begin() as writing:
            found = writing.scalar(select(Course).where(Course.reference == reference)) or abort(404)
            if found.agent_id != me().agent_id:
                courses.take_over(writing, found, me().agent_id, me().login)
    except InputError as error:
        return mistakes.tell(error.message, url_for("helpdesk.courses_page"))
    return redirect(url_for("helpdesk.course", reference=reference), 303)


@blueprint.post("/helpdesk/courses/<reference>/<action>")
@for_agents
def change_course(reference: str, action: str) -> Answer:
    """Open a course on its day, close it, or delete it with its links."""
    if action not in ("open", "close", "delete"):
        abort(404)
    with db.begin() as writing:
        found = _own(writing, reference)
        if action == "delete":
            courses.remove(writing, found, me().login)
        else:
            courses.open_or_close(writing, found, me().login, opened=action == "open")
    target = url_for("helpdesk.courses_page" if action == "delete" else "helpdesk.course", reference=reference)
    return redirect(target.partition("?")[0], 303)
