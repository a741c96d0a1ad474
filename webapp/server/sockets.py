"""The socket that is listened on, and how many may be open."""

import os
import resource
import socket

from webapp.core.text import N_, InputError
from webapp.infrastructure.config import Config, variable

BACKLOG = 2048  # connections that wait to be accepted
CONNECTIONS_MAX = 4096  # kept open at once; each agent who watches a case keeps one
SPARE_FILES = 128  # database, log, code

_HANDED_OVER = 3  # SD_LISTEN_FDS_START of sd_listen_fds(3)


def listener(host: str, port: int) -> socket.socket:
    """Return a socket that listens on `host` and `port`; 0 takes a free port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        known = isinstance(error, OSError) and not isinstance(error, socket.gaierror) and error.errno
        reason = os.strerror(known) if known else str(error)
        text = N_("The server cannot use port %(port)s of %(host)s. Choose another with --port or --host. (%(reason)s)")
        raise InputError(text, host=host, port=port, reason=reason) from error


def handed_over() -> socket.socket | None:
    """Return the listening socket that systemd or another service manager gave this process; None without one.

    It stays open with the manager while this process is restarted: nobody is refused (sd_listen_fds(3)). Raises
    InputError where it is not one socket of TCP.
    """
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    count = os.environ.get("LISTEN_FDS")
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)  # not for processes of ours
    try:
        os.set_inheritable(_HANDED_OVER, False)
        given = socket.socket(fileno=_HANDED_OVER)
        usable = given.family in (socket.AF_INET, socket.AF_INET6) and given.type == socket.SOCK_STREAM
    except OSError:
        usable = False
    if count != "1" or not usable:
        raise InputError(N_("The server was given something else than one TCP socket to listen on."))
    return given


def connection_limit(config: Config) -> int:
    """Return how many connections this process may have: open files are raised as far as the system lets us.

    Raises InputError where the system leaves none beside the tests.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    left = hard - SPARE_FILES - 2 * config.test_threads  # a test has two at most
    if left < 1:
        text = N_("This process may open too few files. Raise the limit (systemd: LimitNOFILE), or lower %(setting)s.")
        raise InputError(text, setting=variable("test_threads"))
    return min(CONNECTIONS_MAX, left)
