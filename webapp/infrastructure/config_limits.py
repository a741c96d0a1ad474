"""The settings of `webapp.infrastructure.limits`, with safe bounds. The texts name the windows."""

# ruff: noqa: RUF009  a field is made by _limit()
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from webapp.infrastructure.config_values import integer, setting, sizes

Sizes = tuple[int, int, int]


def _limit(default: int | Sizes, parse: Callable[[str, str], Any], text: str) -> Any:
    numbers = default if isinstance(default, tuple) else (default,)
    return setting(default, parse, f"{text} Unset: {' '.join(map(str, numbers))}.")


_OF_NETWORK = "Three numbers: of an IPv4 address or a /64, of a /56, of a /48."


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """The rate limits in `webapp.infrastructure.config.Config`."""

    login_tests_per_account: int = _limit(
        3, integer(3, 5), "Login tests of one mail account in 15 minutes. A full circle counts as three."
    )
    login_refusals_per_account: int = _limit(
        5, integer(2, 10), "Refused logins of one mail account in 24 hours, then it is tested no more that day."
    )
    login_tests_per_network: Sizes = _limit(
        (20, 60, 120), sizes(3, 200), f"Login tests of one network in 15 minutes. {_OF_NETWORK}"
    )
    login_refusals_per_network: Sizes = _limit(
        (10, 30, 60), sizes(2, 50), f"Refused logins of one network in 15 minutes. {_OF_NETWORK}"
    )
    login_refusals_per_network_and_day: Sizes = _limit(
        (30, 90, 180), sizes(2, 150), f"Refused logins of one network in 24 hours. {_OF_NETWORK}"
    )
    login_refusals_per_48_and_day: int = _limit(
        40, integer(2, 200), "Refused logins in 24 hours that close a /48 of IPv6 alone, before the breaker."
    )
    login_tests_per_minute: int = _limit(30, integer(1, 300), "Login tests of everybody together in a minute.")
    breaker_refusals: int = _limit(
        30, integer(10, 200), "Refused logins at one provider in 10 minutes that switch its login test off for a while."
    )
    breaker_accounts: int = _limit(10, integer(3, 50), "From how many mail accounts these must be at least.")
    breaker_minutes: int = _limit(30, integer(10, 1440), "For how many minutes it is switched off.")
    breaker_refusals_per_day: int = _limit(
        500, integer(50, 5000), "Refused logins at one provider in 24 hours that switch its login test off for a day."
    )
    checks_per_network: Sizes = _limit(
        (30, 90, 180), sizes(3, 300), f"Checks without a password of one network in 15 minutes. {_OF_NETWORK}"
    )
    links_per_network: Sizes = _limit(
        (30, 90, 180), sizes(3, 300), f"Download links made by one network in 15 minutes. {_OF_NETWORK}"
    )
    codes_per_network: Sizes = _limit(
        (5, 15, 30), sizes(3, 20), f"Wrong codes that people type, of one network in 10 minutes. {_OF_NETWORK}"
    )
    codes_of_strangers: int = _limit(
        120,
        integer(10, 300),
        "Wrong codes that people type, of all networks in 10 minutes; then people are asked for a link.",
    )
    codes_per_agent: int = _limit(20, integer(5, 60), "Wrong codes that one agent enters in 10 minutes.")
    waiting_per_network: Sizes = _limit(
        (30, 40, 60), sizes(3, 200), f"People of one network who wait for the helpdesk at once. {_OF_NETWORK}"
    )
    waiting_in_all: int = _limit(300, integer(10, 2000), "People who wait for the helpdesk at once.")
    calls_per_network: Sizes = _limit(
        (30, 40, 60), sizes(3, 200), f"Calls to the helpdesk that one network books in 24 hours. {_OF_NETWORK}"
    )
    calls_in_all: int = _limit(300, integer(10, 2000), "Calls to the helpdesk that everybody books in 24 hours.")
    sign_ins_per_network: Sizes = _limit(
        (30, 60, 120), sizes(5, 100), f"Refused sign-ins of agents of one network in 15 minutes. {_OF_NETWORK}"
    )
    sign_ins_per_agent: int = _limit(5, integer(3, 10), "Refused sign-ins of one agent in 5 minutes.")
    sign_ins_per_agent_and_hour: int = _limit(15, integer(5, 50), "Refused sign-ins of one agent in an hour.")
