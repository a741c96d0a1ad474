"""GMX POP setup wizard."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from webapp.infrastructure.config import Config

# Modules with a `blueprint`.
ROOMS = (
    "webapp.infrastructure.assets",
    "webapp.web.health",
    "webapp.web.wizard",
    "webapp.web.connection_tests",
    "webapp.web.downloads",
    "webapp.web.help",
    "webapp.api",
    "webapp.web.drift.watch",
    "webapp.web.pages",
    "webapp.web.advice",
    "webapp.web.guides",
    "webapp.web.check_file.page",
    "webapp.web.reports",
)
# May be deleted: the rest works without them.
OPTIONAL_ROOMS = ("webapp.helpdesk",)


def create_app(config: Config | None = None) -> Flask:
    """Return the web application, by default with the settings of the environment.

    Opens no database, thread or socket: that happens after fork. Flask is imported here and not at the top, because
    the core is also used without it, such as by the single-file check.
    """
    from webapp.infrastructure import (
        backup,
        came_from,
        errors,
        i18n,
        limits,
        logs,
        outbox,
        provider_files,
        security,
        troubles,
    )
    from webapp.infrastructure.assets import templates
    from webapp.infrastructure.config import Config
    from webapp.web import discovery

    app = errors.Application("webapp", static_folder=None)
    app.jinja_loader = templates()
    app.debug = False  # even with FLASK_DEBUG: debug pages would show passwords in memory
    config = (config or Config.from_environment()).completed()
    app.extensions["config"] = config

    provider_files.init_app(app, config)
    troubles.init_app(app, config)
    logs.init_app(app)
    limits.init_app(app, config)
    security.init_app(app, config)
    came_from.init_app(app)
    i18n.init_app(app)
    errors.init_app(app)
    outbox.init_app(app)
    backup.init_app(app)
    for room in (*ROOMS, *filter(find_spec, OPTIONAL_ROOMS)):
        app.register_blueprint(import_module(room).blueprint)
    app.context_processor(lambda: {"settings": config})
    discovery.init_app(
        app, app.extensions["providers"].known, security.file_headers(config), app.extensions["metrics"].count
    )
    return app
