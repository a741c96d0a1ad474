"""Who counts as one source, and what somebody with a thousand networks gets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from tests.support.limits import NUMBERS, Clock, household, login, refuse, site
from tests.support.proofs import sampled
from webapp.infrastructure.limits import Ending, Limits
from webapp.infrastructure.limits.networks import UNKNOWN_NETWORK, networks

HOUSEHOLD = [household(number) for number in range(256)]
SITE = [site(number) for number in range(1000)]


def test_one_ipv6_network_counts_as_one_source() -> None:
    assert networks("2001:db8:0:1::1") == networks("2001:db8:0:1:ffff::2") != networks("2001:db8:0:2::1")
    assert networks("2001:db8:1:2::1") == ("2001:db8:1:2::/64", "2001:db8:1::/56", "2001:db8:1::/48")
    assert networks("2001:db8:1:2::1")[1:] == networks("2001:db8:1:ff::1")[1:]
    assert networks("2001:db8:1:2::1")[2:] == networks("2001:db8:1:ffff::1")[2:]
    assert networks("2001:db8:1:2::1")[1] != networks("2001:db8:1:ffff::1")[1]
    assert networks("::ffff:192.0.2.1") == networks("192.0.2.1") == ("192.0.2.1",) != networks("192.0.2.2")


def test_a_port_behind_the_address_makes_no_other_source() -> None:
    """Some proxies write X-Forwarded-For so; every connection would begin its own count."""
    assert networks("192.0.2.1:50001") == networks("192.0.2.1:50002") == ("192.0.2.1",)
    assert networks("[2001:db8::1]:50001") == networks("[2001:db8::2]") == networks("2001:db8::1")
    assert networks("unknown") == networks("anything-else") == networks("") == (UNKNOWN_NETWORK,)


def _sign_in(limits: Limits, address: str, click: str) -> bool:
    return limits.take_sign_in(click, address=address) is None


KINDS: dict[str, tuple[Callable[[Limits, str, str], bool], Sequence[int]]] = {
    "checks": (lambda limits, address, click: limits.take_check(address, click) is None, NUMBERS.checks_per_network),
    "links": (lambda limits, address, _: limits.take_link(address) is None, NUMBERS.links_per_network),
    "codes": (lambda limits, address, click: limits.take_code(address, click) is None, NUMBERS.codes_per_network),
    "waiting": (
        lambda limits, address, click: limits.take_waiting(address, click) is None, NUMBERS.waiting_per_network,
    ),
    "calls": (lambda limits, address, click: limits.take_call(address, click) is None, NUMBERS.calls_per_network),
    "sign-ins": (_sign_in, NUMBERS.sign_ins_per_network),
    "refusals": (
        lambda limits, address, click: refuse(limits, f"{click}@gmx.de", address, click),
        NUMBERS.login_refusals_per_network,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", sampled(KINDS, ("checks", "refusals", "codes").__contains__))
def test_256_networks_of_one_household_stay_within_the_numbers(on_sqlite: Limits, clock: Clock, kind: str) -> None:
    take, numbers = KINDS[kind]
    allowed: Counter[str] = Counter()
    for turn in range(2):
        for address in HOUSEHOLD:
            allowed[address] += take(on_sqlite, address, f"{turn} {address}".replace(":", "-"))
            clock.pass_by(1)
    assert allowed.total() == numbers[1]
    assert max(allowed.values()) <= numbers[0]


@pytest.mark.parametrize("kind", sampled(["codes", "waiting", "sign-ins", "refusals"], "refusals".__eq__))
def test_1000_networks_of_one_site_stay_within_the_numbers(on_sqlite: Limits, clock: Clock, kind: str) -> None:
    take, numbers = KINDS[kind]
    expected = min(numbers[2], NUMBERS.login_refusals_per_48_and_day) if kind == "refusals" else numbers[2]
    allowed = 0
    for address in SITE:
        allowed += take(on_sqlite, address, address.replace(":", "-"))
        clock.pass_by(0.5)
    assert allowed == expected


@pytest.mark.parametrize(
    ("addresses", "most"),
    sampled(
        [(HOUSEHOLD, NUMBERS.login_tests_per_network[1]), (SITE, NUMBERS.login_tests_per_network[2])],
        lambda case: case[0] is HOUSEHOLD,
    ),
)
def test_tests_that_pass_stay_within_the_numbers_too(
    on_sqlite: Limits, clock: Clock, addresses: list[str], most: int
) -> None:
    allowed = 0
    for number, address in enumerate(addresses):
        if login(on_sqlite, f"{number}@gmx.de", address, str(number)) is None:
            on_sqlite.settle(str(number), Ending.ANSWERED)
            allowed += 1
        clock.pass_by(0.8)
    assert allowed <= most
    assert allowed >= min(most, NUMBERS.login_tests_per_minute * 3)


def test_neighbours_in_other_networks_are_not_held_up(on_sqlite: Limits) -> None:
    for number, address in enumerate(SITE[: NUMBERS.codes_per_network[2]]):
        assert on_sqlite.take_code(address, str(number)) is None
    assert on_sqlite.take_code(SITE[500], "of the site") is not None
    assert on_sqlite.take_code("2001:db8:2::1", "a neighbour") is None
    assert on_sqlite.take_code_of_agent(1, "an agent") is None


@pytest.mark.parametrize(
    ("sources", "most"),
    sampled(
        [
            ([household(number) for number in range(4)], NUMBERS.login_refusals_per_48_and_day),
            ([f"2001:db8:{number:x}::1" for number in range(8)], 8 * NUMBERS.login_refusals_per_network_and_day[0]),
        ],
        lambda case: len(case[0]) == 4,
    ),
    ids=["a household", "eight networks"],
)
def test_stuffing_over_a_day_is_stopped_within_the_numbers(
    on_sqlite: Limits, clock: Clock, sources: list[str], most: int
) -> None:
    """A try every four minutes, each with another account, from the sources in turn: 360 wanted."""
    allowed = 0
    for number in range(24 * 3600 // 240):
        allowed += refuse(on_sqlite, f"{number}@gmx.de", sources[number % len(sources)], str(number))
        clock.pass_by(240)
    assert 0 < allowed <= most
