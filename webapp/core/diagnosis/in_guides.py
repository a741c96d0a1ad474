"""Which step of a guide shows what to do about a cause: ids of steps, the first one counts that the person's way has.

“switch” and “app-password” are the steps at the provider that come before every guide.
"""

from collections.abc import Mapping
from types import MappingProxyType

_RECEIVING = ("receiving", "servers", "server")
_SENDING = ("sending", "outgoing", "identity")
_WHAT_STAYS = ("keep", "forever", "days", "server")

STEPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "app-password-needed": ("app-password",),
        "certificate-wrong-host": _RECEIVING,
        "configuration-not-read": ("file",),
        "encryption-mismatch": _RECEIVING,
        "file-not-taken": ("import", "file"),
        "imap-chosen": ("pop3", "pop", "protocol"),
        "login-refused": ("switch",),
        "login-refused-for-sending": ("send-password", *_SENDING, "switch"),
        "mailbox-inactive": ("switch",),
        "mailbox-refused": ("switch",),
        "mails-twice": _WHAT_STAYS,
        "mails-vanish": _WHAT_STAYS,
        "name-not-found": _RECEIVING,
        "old-password-saved": ("account-password", "password"),
        "pop-not-offered": ("pop3", "pop", "protocol"),
        "profile-expired": ("install", "profiles"),
        "profile-not-installed": ("install", "profiles"),
        "sender-not-allowed": _SENDING,
        "sending-login-off": _SENDING,
        "window-in-the-way": ("welcome",),
        "wrong-family": _RECEIVING,
    }
)

# After how many pieces of the advice that step stands: the last of them says what it shows. Else it stands below all.
AFTER: Mapping[str, int] = MappingProxyType(
    {
        "app-password-needed": 1,
        "certificate-wrong-host": 1,
        "encryption-mismatch": 1,
        "imap-chosen": 2,
        "login-refused": 1,
        "mailbox-inactive": 2,
        "name-not-found": 2,
        "old-password-saved": 2,
        "sender-not-allowed": 1,
        "wrong-family": 1,
    }
)
