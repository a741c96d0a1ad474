"""The device plan loses no mail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.core.account import FETCH_AND_DELETE, KEEP_FOREVER, Retention
from webapp.core.clients import CLIENTS, SetBy
from webapp.infrastructure.config import DEVICES_MAX
from webapp.web.wizard import programs
from webapp.web.wizard.plan import Device, DevicePlan, can_clear, choices, propose

OPTIONS = [option for _, options in programs.groups() for option in options]
DEVICES = st.lists(
    st.sampled_from(OPTIONS).map(lambda option: Device(option.client.id, option.system.id)),
    min_size=1,
    max_size=DEVICES_MAX,
)
KEEPS = st.one_of(st.just(KEEP_FOREVER), st.integers(1, 99).map(lambda days: Retention(True, days)))
HOURS = 24


def mail_that_is_lost(plan: DevicePlan, arrivals: list[int], gaps: list[list[int]]) -> list[tuple[int, int]]:
    """Play the plan hour by hour; return (device, mail) for each mail that a device never got.

    A device that leaves mail for N days deletes it at its next visit after N days have passed since it fetched it.
    """
    end = max(arrivals) + 200 * HOURS
    visits = sorted((hour, device) for device, own in enumerate(gaps) for hour in visit_hours(own, end))
    server = {}
    waiting = sorted(enumerate(arrivals), key=lambda item: item[1])
    fetched: list[dict[int, int]] = [{} for _ in plan.devices]
    for hour, device in visits:
        while waiting and waiting[0][1] <= hour:
            mail, arrived = waiting.pop(0)
            server[mail] = arrived
        for mail in server:
            fetched[device].setdefault(mail, hour)
        retention = plan.devices[device].retention
        days = retention.days_to_leave_messages_on_server
        for mail in list(server):
            if not retention.leave_messages_on_server or (
                days is not None and hour - fetched[device][mail] >= days * HOURS
            ):
                del server[mail]
    return [(device, mail) for device, own in enumerate(fetched) for mail in range(len(arrivals)) if mail not in own]


def visit_hours(gaps: list[int], end: int) -> list[int]:
    hours, hour, index = [], 0, 0
    while hour < end:
        hour += gaps[index % len(gaps)]
        hours.append(hour)
        index += 1
    return hours


@given(DEVICES, KEEPS, st.data())
def test_every_device_gets_every_mail_as_long_as_it_fetches_within_the_days(
    devices: list[Device], keep: Retention, data: st.DataObject
) -> None:
    plan = propose(devices, keep)
    days = keep.days_to_leave_messages_on_server or 30
    gap = st.integers(1, days * HOURS - 1)
    gaps = [data.draw(st.lists(gap, min_size=1, max_size=4)) for _ in devices]
    arrivals = data.draw(st.lists(st.integers(0, 60 * HOURS), min_size=1, max_size=5))
    assert mail_that_is_lost(plan, arrivals, gaps) == []


def test_the_game_sees_a_plan_that_loses_mail() -> None:
    """Two devices that both delete: the property above could not pass with them."""
    both = DevicePlan(tuple(propose([Device("thunderbird", "linux")], FETCH_AND_DELETE).devices * 2), FETCH_AND_DELETE)
    assert mail_that_is_lost(both, [0], [[10], [11]]) == [(1, 0)]


@given(DEVICES, st.one_of(KEEPS, st.just(FETCH_AND_DELETE)))
def test_at_most_one_device_clears_the_mailbox_and_it_can(devices: list[Device], keep: Retention) -> None:
    plan = propose(devices, keep)
    clearing = [planned for planned in plan.devices if planned.clears]
    assert [planned.device for planned in plan.devices] == devices
    assert len(clearing) <= 1
    if len(devices) == 1:
        assert plan.devices[0].retention == keep
    elif keep.leave_messages_on_server:
        assert all(can_clear(planned.device) for planned in clearing)
        assert bool(clearing) == (keep != KEEP_FOREVER and any(map(can_clear, devices)))
    else:
        assert clearing == [plan.devices[0]]


def test_the_first_device_that_can_clears() -> None:
    plan = propose([Device("apple-mail", "iphone"), Device("outlook", "windows")], Retention(True, 30))
    assert [str(planned.retention) for planned in plan.devices] == ["forever", "30"]


@pytest.mark.parametrize(
    ("client", "system", "word"), [("apple-mail", "mac", "7 days"), ("thunderbird", "windows", "14 days")]
)
def test_warns_of_programs_that_delete_unasked(client: str, system: str, word: str) -> None:
    planned = propose([Device(client, system)], KEEP_FOREVER).devices[0]
    assert any(word in str(warning) for warning in planned.warnings)


def test_a_program_without_a_file_is_to_be_set_by_hand() -> None:
    plan = propose([Device("thunderbird", "linux"), Device("samsung-email", "android")], KEEP_FOREVER)
    assert any("by hand" in str(warning) for warning in plan.devices[1].warnings)


def test_a_program_that_takes_imap_only_is_told_what_that_means_and_no_setting_of_pop() -> None:
    plan = propose([Device("thunderbird", "linux"), Device("gmail-app", "android")], KEEP_FOREVER)
    (warning,) = plan.devices[1].warnings
    assert "IMAP" in str(warning)
    assert "by hand" not in str(warning)


def test_little_time_is_told_only_where_another_device_may_miss_mail() -> None:
    two = [Device("thunderbird", "linux"), Device("apple-mail", "iphone")]
    assert propose(two, Retention(True, 13)).is_tight
    assert not propose(two, Retention(True, 14)).is_tight
    assert not propose(two[:1], Retention(True, 1)).is_tight


@given(DEVICES, st.one_of(KEEPS, st.just(FETCH_AND_DELETE)))
def test_what_is_offered_comes_true(devices: list[Device], keep: Retention) -> None:
    if keep in choices(devices):
        plan = propose(devices, keep)
        assert (plan.clearing is not None) == (keep != KEEP_FOREVER)
        assert all(planned.device.keeping.set_by(planned.retention) is not SetBy.NOTHING for planned in plan.devices)
    assert KEEP_FOREVER in choices(devices)


def test_only_programs_whose_file_says_days_may_clear() -> None:
    assert {client.id for client in CLIENTS.values() if can_clear(Device(client.id))} >= {"thunderbird", "outlook"}
    assert not can_clear(Device("apple-mail", "mac"))
    assert not can_clear(Device("thunderbird-android", "android"))
    assert not can_clear(Device("no-such-program"))
