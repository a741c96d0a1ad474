"""Where no message is known: three questions that can be answered by looking lead to causes."""

from collections.abc import Mapping
from types import MappingProxyType

from webapp.core.text import N_, Message

# Name of each question, its words, and its answers.
QUESTIONS: Mapping[str, tuple[Message, Mapping[str, Message]]] = MappingProxyType(
    {
        "direction": (
            Message(N_("What does not work?")),
            {"receiving": Message(N_("Mail does not arrive")), "sending": Message(N_("Mail does not go out"))},
        ),
        "shows": (
            Message(N_("What do you see?")),
            {"message": Message(N_("A window with a message")), "nothing": Message(N_("Nothing at all"))},
        ),
        "before": (
            Message(N_("Did it ever work in this program?")),
            {"yes": Message(N_("Yes, it used to work")), "no": Message(N_("No, it is new"))},
        ),
    }
)

_CAUSES: Mapping[tuple[str, str, str], str] = MappingProxyType(
    {
        ("receiving", "message", "no"): "login-refused encryption-mismatch port-blocked",
        ("receiving", "message", "yes"): "login-refused old-password-saved port-blocked",
        ("receiving", "nothing", "no"): "port-blocked not-online imap-chosen",
        ("receiving", "nothing", "yes"): "not-online mails-missing port-blocked",
        ("sending", "message", "no"): "login-refused-for-sending sending-login-off encryption-mismatch",
        ("sending", "message", "yes"): "login-refused-for-sending sender-not-allowed port-blocked",
        ("sending", "nothing", "no"): "sending-login-off port-blocked not-online",
        ("sending", "nothing", "yes"): "not-online port-blocked sending-paused",
    }
)


def causes(answers: Mapping[str, str]) -> tuple[str, ...]:
    """Return the causes by what was answered to QUESTIONS, likeliest first; none where an answer is missing."""
    return tuple(_CAUSES.get(tuple(answers.get(name, "") for name in QUESTIONS), "").split())  # type: ignore[arg-type]
