"""A report that somebody pastes or uploads is explained like a test of this site. Nothing of it is kept."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import TextAreaField

from webapp.config import current_providers
from webapp.diagnosis import explain, report_to_text
from webapp.diagnosis.reading import read_report
from webapp.diagnosis.report_values import OCTETS_MAX
from webapp.i18n import current_locale, translate
from webapp.probe.report import Report
from webapp.stages import PROTOCOL_LABELS, STAGE_LABELS, STATUS_LABELS
from webapp.text import N_, InputError

blueprint = Blueprint("reports", __name__, url_prefix="/reports")


class ReportForm(FlaskForm):
    report = TextAreaField(N_("The report"))
    file = FileField(N_("Or its file"))


@blueprint.get("")
def index() -> str:
    return render_template("reports/index.html", form=ReportForm(formdata=None), problem=None)


@blueprint.post("")
def explained() -> ResponseReturnValue:
    """Explain the report of the form; what cannot be read comes back with what is wrong with it."""
    form = ReportForm()
    upload = request.files.get("file")
    data = upload.read(OCTETS_MAX + 1) if upload else b""
    try:
        report = read_report(data or form.report.data or "")
    except InputError as error:
        return render_template("reports/index.html", form=form, problem=translate(error.message)), 422
    return _shown(report)


def _shown(report: Report) -> str:
    provider = current_providers().get(report.provider)
    diagnoses = explain(report, provider)
    return render_template(
        "reports/show.html",
        report=report,
        provider=provider,
        diagnoses=diagnoses,
        protocols=PROTOCOL_LABELS,
        stage_labels=STAGE_LABELS,
        status_labels=STATUS_LABELS,
        text=report_to_text(report, diagnoses, current_locale()),
    )
