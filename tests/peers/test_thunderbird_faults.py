"""What the real Thunderbird shows when a server misbehaves leads to the cause that our own check finds.

One start meets all faults. Where it says less than the server did, produced.toml has the cause that is found instead.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.fault_server import read
from tests.support.produced import THUNDERBIRD, expected, judge, printed_too, sharing
from tests.support.thunderbird import start
from tests.support.thunderbird_faults import Faults
from webapp.core.diagnosis.messages import CAUSES_SHOWN, search

pytestmark = pytest.mark.peers

SAMPLE = ("pop3-auth-one-text", "pop3-greeting-refused", "smtp-certificate-wrong-host", "smtp-refused")


@pytest.fixture(scope="module")
def faults(thunderbird_is_here: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faults]:
    folder = tmp_path_factory.mktemp("thunderbird")
    with start(folder / "profile", locale="de") as thunderbird:
        yield Faults(thunderbird, folder)


@pytest.mark.parametrize(
    "fault", [pytest.param(name, marks=() if name in SAMPLE else pytest.mark.proof) for name in THUNDERBIRD]
)
def test_what_it_shows_leads_to_its_cause(faults: Faults, fault: str) -> None:
    said, told = faults.meet(fault), expected("thunderbird", read(fault))
    assert said
    judge(told, read(fault).fact("diagnosis"), search("\n".join(said), "thunderbird"))
    if told.checked:
        assert len(sharing("thunderbird", told.like)) > CAUSES_SHOWN
    if told.like:
        assert printed_too("\n".join(said), lambda: "\n".join(faults.meet(told.like)))
