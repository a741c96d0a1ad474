"""docs/clients.md says what the guides are."""

from __future__ import annotations

from tests.support.client_table import PAGE, page


def test_the_page_of_the_programs_is_made_from_their_data(update_golden: bool) -> None:
    standing = PAGE.read_text("utf-8")
    made = page(standing)
    if update_golden:
        PAGE.write_text(made, "utf-8")
    assert standing == made or update_golden
