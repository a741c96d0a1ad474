"""Parts of pages: rendered only for who does not have them yet."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from webapp.infrastructure import fragments


def test_a_fragment_is_rendered_only_for_who_does_not_have_it(app: Flask) -> None:
    rendered: list[int] = []

    @app.get("/test-fragment/<int:sequence>")
    def part(sequence: int) -> object:
        def render() -> str:
            rendered.append(sequence)
            return f"<div>{sequence}</div>"

        return fragments.answer(fragments.tag("joined", sequence), render)

    client = FlaskClient(app)  # a part is no page to look over
    first = client.get("/test-fragment/1")
    assert (first.status_code, first.text, first.mimetype) == (200, "<div>1</div>", "text/html")
    known = {"If-None-Match": first.headers["ETag"]}
    same = client.get("/test-fragment/1", headers=known)
    assert (same.status_code, same.data, same.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert rendered == [1]
    assert client.get("/test-fragment/2", headers=known).text == "<div>2</div>"
    assert client.get("/test-fragment/1?lang=en", headers=known).status_code == 200
    assert rendered == [1, 2, 1]
    assert {first.headers["Cache-Control"], same.headers["Cache-Control"]} == {"no-store"}
