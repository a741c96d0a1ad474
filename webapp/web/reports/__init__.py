"""Explains a pasted or uploaded report like a test of this site. Nothing of it is stored, not even after a mistake."""

import json

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import TextAreaField

from webapp.core.diagnosis import explain, report_to_json, report_to_text
from webapp.core.diagnosis.reading import read_report
from webapp.core.diagnosis.report_values import OCTETS_MAX
from webapp.core.probe.report import Report
from webapp.core.stages import PROTOCOL_LABELS, STAGE_LABELS, STATUS_LABELS
from webapp.core.text import N_, InputError
from webapp.infrastructure import compression, i18n, mistakes
from webapp.infrastructure.config import current_providers

blueprint = Blueprint("reports", __name__, url_prefix="/reports")
compression.allow(blueprint)


class ReportForm(FlaskForm):
    report = TextAreaField(N_("The report"))
    file = FileField(N_("Or its file"))


@blueprint.route("", methods=["GET", "POST"])
def index() -> ResponseReturnValue:
    """Ask for a report, or explain the one in the form; an invalid one leads back with the error."""
    if request.method != "POST":
        return _asked(mistakes.form_of(ReportForm))
    form = ReportForm()
    upload = request.files.get("file")
    data = upload.read(OCTETS_MAX + 1) if upload else b""
    try:
        report = read_report(data or form.report.data or "")
    except InputError as error:
        mistakes.put(form.report, error)
        return mistakes.refuse(form, url_for("reports.index"), lambda: _asked(form), never=("report",))
    return _shown(report)


def _asked(form: ReportForm) -> ResponseReturnValue:
    return render_template("reports/index.html", form=form), mistakes.status(form)


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
        text=report_to_text(report, diagnoses, i18n.current_locale()),
        again=json.dumps(report_to_json(report, (), i18n.current_locale(), provider, True), ensure_ascii=False),
    )
