"""What the bench runs beside the product: the least that Flask can do, under the server that the product ships.

`python -m tests.bench.apps PORT` serves it until TERM.
"""

from __future__ import annotations

import sys

from flask import Flask

from webapp.infrastructure.config import Config
from webapp.server import sockets
from webapp.server.running import Running


def hello() -> Flask:
    app = Flask("hello")

    @app.get("/")
    def say() -> str:
        return "hello"

    return app


def main(port: int) -> None:
    app, config = hello(), Config()
    app.extensions["config"] = config
    listener = sockets.listener("127.0.0.1", port)
    Running(app, listener, sockets.connection_limit(config), lambda: None, ours=True).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
