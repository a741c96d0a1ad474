"""Failures of a full circle: its first login has worked, so none is about the password."""

from __future__ import annotations

from webapp.core.diagnosis.entry import LOOKS, Diagnosis, Sign, entry
from webapp.core.probe.report import Stage, Status
from webapp.core.text import N_


def _found_nothing(stage: Stage) -> bool:
    return stage.stage in LOOKS and stage.status is Status.WARNING


ENTRIES: tuple[Diagnosis, ...] = (
    entry(
        "circle-stopped",
        title=N_("Not proved: %(provider)s did not let us look"),
        why=N_(
            "The test mail was sent. A moment before, the login had worked with the same password. Now "
            "%(provider)s refused it or did not answer. So it is hardly the password: perhaps %(provider)s "
            "wants more time between two logins. We stopped at once."
        ),
        advice=(
            N_("Look at %(website)s in the browser whether the test mail is in the inbox."),
            N_("Wait 15 minutes before anybody logs in by a mail program or a test again."),
            N_("If your mail program is refused later too, test the login once more."),
        ),
        say=N_("The mail was sent. %(provider)s does not let us look yet. That works in a few minutes."),
        ask=N_("Is the test mail in your inbox when you look in the browser?"),
        signs=(Sign(stages=LOOKS),),
    ),
    entry(
        "circle-not-proved",
        title=N_("The test mail has not arrived yet"),
        why=N_(
            "Login and sending work. %(provider)s took the test mail, but we did not see it in the inbox in "
            "time. Sometimes a mail takes a few minutes, and sometimes it lands in the spam folder, which POP3 "
            "does not show."
        ),
        advice=(
            N_("Look into the spam folder at %(website)s in the browser."),
            N_("Look into the inbox in a few minutes."),
            N_("See whether a filter of yours moves such mail into another folder."),
        ),
        say=N_("Sending and login work. The test mail is only on its way, or in the spam folder."),
        ask=N_("Is the test mail in your spam folder?"),
        see="spam",
        remark=_found_nothing,
    ),
)
