"""The connection test by API: from this server, without a password unless operator, key and caller all want a login."""

from flask import request, url_for

from webapp.api import runs
from webapp.api.accounts import ADDRESS, PROVIDER, account_of
from webapp.api.inputs import Field
from webapp.api.operations import LOCALE, Answer, Call, needs, operation
from webapp.api.problems import Fault, Kind, ProblemError
from webapp.api.shapes import component
from webapp.connection_tests.progress import Run
from webapp.core import probe
from webapp.core.diagnosis import explain, report_to_json
from webapp.core.diagnosis.reading import read_report
from webapp.core.probe.secret import OCTETS_MAX
from webapp.core.text import N_, InputError, Message
from webapp.infrastructure.config import Scope, current_config, current_providers
from webapp.infrastructure.sealing import TAGGED_ID_PATTERN

POLL_SECONDS = 1

RUN_ID = Field(
    "test",
    "Id of a connection test.",
    {"type": "string", "minLength": 32, "maxLength": 32, "pattern": TAGGED_ID_PATTERN},
    required=True,
)
PASSWORD = Field(
    "password",
    "With it the test logs in too, once for receiving and once for sending. Needs a key with the scope login-test. "
    "Taken as it is, blanks included; never kept, never repeated.",
    {
        "type": "string",
        "minLength": 1,
        "maxLength": OCTETS_MAX // 4,
        "pattern": r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$",
    },
    explain=probe.Secret,
)


@operation(
    "POST", "/connection-tests", "Test the connection", body=(ADDRESS, PROVIDER, PASSWORD, LOCALE),
    answers={202: component("Report")},
    problems=(Kind.UNKNOWN_ADDRESS, Kind.KEY_NEEDED, Kind.NOT_ALLOWED, Kind.UNAVAILABLE),
)  # fmt: skip
def begin_test(call: Call) -> Answer:
    """Queues a test of the servers of this address from this server, which is not where the person sits.

    The answer is the report as planned; Location says where to look how far it has come. A login is tried once and
    never again by itself.
    """
    password = _password(call)
    account, _ = account_of({**call.values, "name": "", "keep": "forever"}, current_providers())
    run_id = runs.begin_test(account, request.remote_addr or "", call.key, password)
    run = runs.find(run_id, call.key)
    if run is None:
        raise ProblemError(Kind.UNAVAILABLE)
    place = url_for("api.connection_test", test=run_id)
    return Answer(_shape(run, call.locale), 202, {"Location": place, "Retry-After": str(POLL_SECONDS)})


@operation(
    "GET", "/connection-tests/{test}", "How far is the test?", path=(RUN_ID,), query=(LOCALE,),
    answers={200: component("Report")}, problems=(Kind.NOT_FOUND,),
)  # fmt: skip
def connection_test(call: Call) -> Answer:
    """The report as far as it has come, for ten minutes, to the key that began the test. Its end: `state` is neither
    queued nor running."""
    run = runs.find(call.values["test"], call.key)
    if run is None:
        raise ProblemError(Kind.NOT_FOUND)
    return Answer(_shape(run, call.locale), headers={} if run.ended else {"Retry-After": str(POLL_SECONDS)})


@operation(
    "POST", "/reports", "Explain a report", text_body=("application/json", {"type": "object"}), query=(LOCALE,),
    answers={200: component("Report")},
)  # fmt: skip
def explain_report(call: Call) -> Answer:
    """A report of the command line, of the check in a single file or of this API comes back with diagnoses made anew
    from its stages. Nothing of it is kept, and nothing is dialled."""
    try:
        report = read_report(call.body)
    except InputError as error:
        raise ProblemError(Kind.INVALID_INPUT, error.message) from None
    provider = current_providers().get(report.provider)
    return Answer(report_to_json(report, explain(report, provider), call.locale, provider, full=True))


def _password(call: Call) -> probe.Secret | None:
    """Return the password of a call that may log in, None where it does not want to; raises ProblemError."""
    given = call.values["password"]
    if given is None:
        return None
    if not current_config().api_login_test:
        raise ProblemError(
            Kind.NOT_ALLOWED, Message(N_("The operator of this site has not switched on login tests by API."))
        )
    needs(call.key, Scope.LOGIN_TEST)
    try:
        return probe.Secret(given)
    except InputError as error:
        raise ProblemError(Kind.INVALID_INPUT, error.message, faults=[Fault("password", error.message)]) from None


def _shape(run: Run, locale: str) -> dict[str, object]:
    provider = current_providers().get(run.report.provider)
    diagnoses = explain(run.report, provider) if run.ended else ()
    shape = report_to_json(run.report, diagnoses, locale, provider)
    return shape | {"address": "…"} if run.shared else shape  # the same run for everybody names nobody
