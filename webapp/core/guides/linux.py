"""fetchmail, getmail6, mpop and msmtp. The commands are those of the comments in the file; tests run them."""

from collections.abc import Callable

from webapp.core.guides import shared
from webapp.core.guides.base import Context, Gives, GuideStep, Source, Value, Way
from webapp.core.text import N_, Message

COMMAND = N_("Command")
_TIMER = "[Timer]\nOnStartupSec=2min\nOnUnitActiveSec=15min\n\n[Install]\nWantedBy=timers.target"
_KEYRING = N_("Lines in the file say how the password comes from the keyring (libsecret-tools).")


def _install(context: Context, package: str, target: str) -> tuple[GuideStep, ...]:
    place = f"install -D -b -m 600 ~/Downloads/{context.file_name} {target}"
    return (
        GuideStep(
            "install",
            Message(N_("Install %(program)s, for example on Debian or Ubuntu."), {"program": package}),
            values=(Value(COMMAND, f"sudo apt install {package}"),),
            outside=True,
        ),
        GuideStep(
            "file",
            Message(N_("Download the file. Put it into its place, readable by you alone.")),
            values=(Value(COMMAND, place),),
            note=Message(N_("A file that is there already is kept, with ~ at the end of its name.")),
            gives=Gives.FILE,
        ),
    )


def _fetching(
    package: str, target: str, keyring: str, notes: str, exit_status: str = ""
) -> Callable[[Context], tuple[GuideStep, ...]]:
    """Return the steps of a program that fetches. notes: what it remembers by; exit_status: a line of the service."""
    program = package.removesuffix("6")
    service = f"[Service]\nType=oneshot\nExecStart=/usr/bin/{program}{exit_status}"

    def steps(context: Context) -> tuple[GuideStep, ...]:
        word = context.provider.file_word
        folder = "mkdir -p " + " ".join(f"~/Mail/{word}/{part}" for part in ("cur", "new", "tmp"))
        unit, described = f"{word.lower()}-pop", f"[Unit]\nDescription={context.provider.name} POP3\n\n"
        switch_on = f"systemctl --user daemon-reload\nsystemctl --user enable --now {unit}.timer"
        return (
            *_install(context, package, target),
            GuideStep("folder", Message(N_("Make the folder for your mail.")), values=(Value(COMMAND, folder),)),
            GuideStep(
                "fetch",
                context.message(N_("Fetch your mail. Type %(password)s when you are asked.")),
                values=(Value(COMMAND, program), shared.password(context)),
                note=Message(notes),
            ),
            GuideStep(
                "timer",
                Message(N_("If you like, let it fetch every 15 minutes: two files, one command.")),
                values=(
                    Value(f"~/.config/systemd/user/{unit}.service", described + service),
                    Value(f"~/.config/systemd/user/{unit}.timer", described + _TIMER),
                    Value(COMMAND, switch_on),
                ),
                note=Message(keyring),
            ),
        )

    return steps


def _msmtp(context: Context) -> tuple[GuideStep, ...]:
    own = (context.account.email_address if context.account else "anna@example.org").replace("'", "'\\''")
    return (
        *_install(context, "msmtp", "~/.msmtprc"),
        GuideStep(
            "try",
            context.message(N_("Send a mail to yourself. Type %(password)s when you are asked.")),
            values=(Value(COMMAND, f"printf 'Subject: Test\\n\\nTest\\n' | msmtp '{own}'"), shared.password(context)),
            note=Message(_KEYRING),
        ),
        GuideStep(
            "sendmail",
            Message(N_("Tell your e-mail program to send with this. The setting is often called sendmail.")),
            values=(Value(COMMAND, "msmtp -t"),),
            note=Message(N_("msmtp only sends. For fetching take fetchmail, getmail6 or mpop.")),
        ),
    )


def _source(steps: Callable[[Context], tuple[GuideStep, ...]]) -> Source:
    return Source(steps, (Way.FILE,), N_("Run in the tests against a real server."), imap=None)


FETCHMAIL = _source(
    _fetching(
        "fetchmail",
        "~/.fetchmailrc",
        N_("fetchmail reads a password from ~/.netrc only, in clear text. Take one for this program alone."),
        N_("Keep ~/.fetchids: without it everything is fetched once more."),
        "\nSuccessExitStatus=1",
    )
)
GETMAIL = _source(
    _fetching(
        "getmail6",
        "~/.config/getmail/getmailrc",
        _KEYRING,
        N_("Keep the notes beside the file: the days until mail is deleted count from there."),
    )
)
MPOP = _source(
    _fetching("mpop", "~/.mpoprc", _KEYRING, N_("Keep ~/.mpop_uidls: without it everything is fetched once more."))
)
MSMTP = _source(_msmtp)
