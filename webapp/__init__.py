"""GMX POP setup wizard."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from webapp.config import Config

# The rooms of the house that answer requests; each module has a `blueprint`.
ROOMS = (
    "webapp.assets",
    "webapp.health",
    "webapp.wizard",
    "webapp.connection_tests",
    "webapp.connection_tests.full_circle",
    "webapp.downloads",
    "webapp.help",
    "webapp.api",
    "webapp.drift.watch",
    "webapp.pages",
    "webapp.guides",
    "webapp.check_file.page",
    "webapp.reports",
)
# Rooms that may be taken out: without their folder the rest works as before.
OPTIONAL_ROOMS = ("webapp.helpdesk",)


def create_app(config: Config | None = None) -> Flask:
    """Return the web application with `config`, or with the settings of the environment.

    Opens no database, no thread and no socket: those begin after fork, in the process that uses them.
    Flask is imported here and not above: the core is imported without it, also from the single-file check.
    """
    from webapp import discovery, errors, i18n, logs, security
    from webapp.api import direct
    from webapp.assets import folder
    from webapp.config import Config

    app = errors.Application("webapp", template_folder=str(folder("templates")), static_folder=None)
    app.debug = False  # whatever FLASK_DEBUG says: its error pages show the memory of a server that sees passwords
    config = (config or Config.from_environment()).completed()
    app.extensions["config"] = config

    logs.init_app(app)
    direct.init_app(app, config)  # first: the layer of the proxy, which knows who asks, goes around it
    security.init_app(app, config)
    i18n.init_app(app)
    errors.init_app(app)
    for room in (*ROOMS, *filter(find_spec, OPTIONAL_ROOMS)):
        app.register_blueprint(import_module(room).blueprint)
    app.context_processor(lambda: {"settings": config})
    discovery.init_app(app, config, security.file_headers(config), app.extensions["metrics"].count)
    return app
