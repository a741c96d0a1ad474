"""`guide`, as a process of its own."""

from __future__ import annotations

import json

from tests.cli.test_cli import call


def test_prints_the_steps_with_what_comes_first_at_the_provider() -> None:
    result = call("guide", "outlook", "anna@gmx.de")
    output = result.stdout.decode()
    assert result.returncode == 0, result.stderr.decode()
    assert output.index("POP3- und IMAP-Zugriff erlauben") < output.index("Systemsteuerung")
    assert "Posteingangsserver: pop.gmx.net" in output
    assert "anna@gmx.de" in output


def test_json_is_the_shape_of_the_api() -> None:
    result = call("guide", "apple-mail", "--system", "iphone", "--json", "--locale", "en")
    shape = json.loads(result.stdout)
    assert (shape["client"], shape["system"]) == ("apple-mail", "iphone")
    assert shape["steps"][0]["id"] == "file"
    assert set(shape["steps"][0]) == {"id", "text", "way", "picture", "values", "note", "say"}


def test_imap_is_a_guide_of_its_own_or_is_refused() -> None:
    result = call("guide", "outlook", "anna@gmx.de", "--protocol", "imap", "--locale", "de")
    assert "imap.gmx.net" in result.stdout.decode()
    assert "pop.gmx.net" not in result.stdout.decode()
    refused = call("guide", "msmtp", "--protocol", "imap")
    assert refused.returncode == 2
    assert "IMAP" in refused.stderr.decode()


def test_an_unknown_client_is_told_with_those_that_are_near() -> None:
    result = call("guide", "outlok")
    assert result.returncode == 2
    assert "outlook" in result.stderr.decode()
