"""What stands in front of a site: proxies that do their work, and some that do not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import make_server

Wsgi = Callable[[dict[str, Any], Any], Any]


def nothing(site: Any) -> Any:
    return site


def adding(**headers: str) -> Callable[[Wsgi], Wsgi]:
    """Return a proxy that adds headers as an honest one does, and those given; "" takes one away."""

    def proxy(site: Wsgi) -> Wsgi:
        def answer(environ: dict[str, Any], start: Any) -> Any:
            before = environ.get("HTTP_X_FORWARDED_FOR")
            environ["HTTP_X_FORWARDED_FOR"] = f"{before}, 127.0.0.1" if before else "127.0.0.1"
            for name, value in headers.items():
                if value:
                    environ[name] = value
                else:
                    environ.pop(name, None)
            return site(environ, start)

        return answer

    return proxy


def sending(status: str, content: bytes) -> Callable[[Wsgi], Wsgi]:
    def proxy(site: Wsgi) -> Wsgi:
        def answer(environ: dict[str, Any], start: Any) -> Any:
            start(status, [("Content-Type", "text/plain")])
            return [content]

        return answer

    return proxy


def changing(name: str, value: str) -> Callable[[Wsgi], Wsgi]:
    """Return a proxy that sets a header of the answer."""

    def proxy(site: Wsgi) -> Wsgi:
        def answer(environ: dict[str, Any], start: Any) -> Any:
            def begin(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
                return start(status, [*((n, v) for n, v in headers if n.lower() != name.lower()), (name, value)], *rest)

            return site(environ, begin)

        return answer

    return proxy


@contextmanager
def served(site: Wsgi, port: int, tls: Any = None) -> Iterator[None]:
    server = make_server("127.0.0.1", port, site, threaded=True, ssl_context=tls)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
