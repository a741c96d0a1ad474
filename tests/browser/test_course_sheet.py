"""The sheet of a course, as it comes out of the printer: a camera reads every link."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.helpdesk.conftest import agent, cheap_hashes, config, helpdesk, new_browser
from tests.helpdesk.test_courses import links, make
from tests.support.client import PageLintingClient
from tests.support.zbar import qr_reader_is_here
from webapp.infrastructure.config import Config

__all__ = ["agent", "cheap_hashes", "config", "helpdesk", "new_browser", "qr_reader_is_here"]

pytestmark = pytest.mark.browser
STATIC = Path(__file__).parents[2] / "static" / "css"


@pytest.mark.usefixtures("qr_reader_is_here")
def test_the_printed_sheet_is_read_by_a_camera(
    agent: PageLintingClient, config: Config, browser: Browser, tmp_path: Path
) -> None:
    course = make(agent, config, places=12)
    sheet = agent.get(f"{course}/sheet").text
    styles = "".join((STATIC / f"{name}.css").read_text("utf-8") for name in ("app", "helpdesk", "course"))
    leaf = tmp_path / "sheet.png"
    with browser.new_context(viewport={"width": 760, "height": 1100}, device_scale_factor=2) as context:
        page = context.new_page()
        page.emulate_media(media="print")
        page.set_content(re.sub("<(link|script)[^>]*>", "", sheet) + f"<style>{styles}</style>")
        page.screenshot(path=leaf, full_page=True)
        sheets = len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))
    assert sheets == 2, "eight places on a sheet of paper"
    found = subprocess.run(["zbarimg", "--quiet", "--raw", leaf], capture_output=True, text=True, timeout=60)
    read = found.stdout.split()
    assert sorted(url.partition("localhost")[2] for url in read) == sorted(links(agent, config))
