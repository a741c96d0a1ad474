"""Files for many people: the pages of agents who may make them."""

from typing import Any

from flask import Response, abort, redirect, render_template, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from webapp.core.bulk import COLUMNS
from webapp.core.clients import CLIENTS
from webapp.core.text import N_, InputError, Message
from webapp.helpdesk import bulk_jobs
from webapp.helpdesk.forms import TableForm
from webapp.helpdesk.room import Answer, blueprint
from webapp.helpdesk.sessions import current, guard, me, unless_agent, watching
from webapp.infrastructure import fragments, mistakes, security
from webapp.infrastructure.config import BODY_BYTES_MAX, TABLE_BYTES_MAX, TABLE_ROWS_MAX, site_provider
from webapp.infrastructure.i18n import current_locale, translate
from webapp.infrastructure.models import BulkJob

POLL_MILLISECONDS = 1000
_COLUMNS = ("address", "name", "client", "keep")
EXAMPLE = (
    ("anna.beispiel", "Anna Beispiel", "thunderbird", "forever"),
    ("jan.muster", "Jan Muster", "outlook", "14"),
    ("lea.probe", "Lea Probe", "apple-mail", ""),
)


for_bulk = guard(lambda: unless_agent() or (None if me().may_bulk else abort(403)))


@blueprint.get("/helpdesk/bulk")
@for_bulk
def bulk() -> Answer:
    form = mistakes.form_of(TableForm, {"locale": current_locale()})
    return _page(form), mistakes.status(form)


def _page(form: TableForm) -> str:
    jobs = [(job, bulk_jobs.state_of(job)) for job in bulk_jobs.jobs_of(me().agent_id)]
    return render_template(
        "helpdesk/bulk.html", form=form, jobs=jobs, columns=_everyday(*COLUMNS), rows_max=TABLE_ROWS_MAX,
        clients=[client for client in CLIENTS.values() if client.formats],
    )  # fmt: skip


def _everyday(*columns: str) -> list[str]:
    """Return the columns by the first of the names that people give them in this language."""
    return [translate(Message(COLUMNS[column])).replace("\u2011", "-").partition(", ")[0] for column in columns]


@blueprint.post("/helpdesk/bulk")
def begin_bulk() -> Answer:
    """Take a table and begin to make its files."""
    who = current()
    if who is not None and who.may_bulk:
        request.max_content_length = request.max_form_memory_size = TABLE_BYTES_MAX + BODY_BYTES_MAX
    try:
        security.csrf.protect()
    except RequestEntityTooLarge:
        return _too_large()
    return _begun()


# It asks by itself, once the longer body is allowed: a table is more than a form may be.
security.csrf.exempt(begin_bulk)


@for_bulk
def _too_large() -> Answer:
    form = TableForm(formdata=None, data={"locale": current_locale()})
    mistakes.put(form.table, N_("The table is larger than 1 MB. Split it."))
    return _page(form), 413


@for_bulk
def _begun() -> Answer:
    form = TableForm()
    if not form.validate():
        return _refused(form)
    content = form.table.data.read(TABLE_BYTES_MAX + 1)
    if len(content) > TABLE_BYTES_MAX:
        return _too_large()
    try:
        job_id = bulk_jobs.begin(me().agent_id, me().login, content, form.locale.data)
    except InputError as error:
        mistakes.put(form.table, error)
        return _refused(form)
    return redirect(url_for("helpdesk.bulk_job", job_id=job_id), 303)


def _refused(form: TableForm) -> Answer:
    return mistakes.refuse(form, url_for("helpdesk.bulk"), lambda: (_page(form), 422))


@blueprint.get("/helpdesk/bulk/example.csv")
@for_bulk
def bulk_example() -> Answer:
    """A table to begin with, as German and other spreadsheets open it: semicolons, and UTF-8 said at its start."""
    domain = site_provider().main_domain
    rows = (_everyday(*_COLUMNS), *((f"{local_part}@{domain}", *rest) for local_part, *rest in EXAMPLE))
    text = "".join(";".join(row) + "\r\n" for row in rows)
    response = Response(f"\ufeff{text}".encode(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename={site_provider().file_stem}.csv"
    return response


@blueprint.get("/helpdesk/bulk/<job_id>")
@for_bulk
def bulk_job(job_id: str) -> Answer:
    job = _found(job_id, me().agent_id)
    return render_template(
        "helpdesk/bulk-job.html", **_shown(job), remarks=bulk_jobs.remarks_of(job.id),
        until=job.created_at + bulk_jobs.LIFE,
    )  # fmt: skip


@blueprint.get("/helpdesk/bulk/<job_id>/progress")
def bulk_progress(job_id: str) -> Answer:
    """Return the changing part of the page, or 304 while nothing is new. Looking is no activity."""
    shown = _shown(_found(job_id, watching()))
    return fragments.answer(shown["tag"], lambda: render_template("helpdesk/_bulk-job.html", **shown))


@blueprint.get("/helpdesk/bulk/<job_id>/files")
@for_bulk
def bulk_files(job_id: str) -> Answer:
    archive = bulk_jobs.archive_of(_found(job_id, me().agent_id).id)
    if archive is None:
        abort(404)
    response = Response(archive, mimetype="application/zip")
    response.headers["Content-Disposition"] = f"attachment; filename={site_provider().file_stem}.zip"
    return response


@blueprint.post("/helpdesk/bulk/<job_id>/delete")
@for_bulk
def delete_bulk(job_id: str) -> Answer:
    bulk_jobs.remove(_found(job_id, me().agent_id).id, me().agent_id)
    return redirect(url_for("helpdesk.bulk"), 303)


def _found(job_id: str, agent_id: int) -> BulkJob:
    job = bulk_jobs.find(job_id, agent_id)
    if job is None:
        abort(404)
    return job


def _shown(job: BulkJob) -> dict[str, Any]:
    state = bulk_jobs.state_of(job)
    return {"job": job, "state": state, "tag": fragments.tag(state, job.done), "poll": POLL_MILLISECONDS}
