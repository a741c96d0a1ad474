"""Providers of a running application, replaced by those of a test."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask

from webapp.core.providers import Provider
from webapp.infrastructure.provider_files import ProviderFiles


def replace_providers(app: Flask, known: Mapping[str, Provider]) -> None:
    files = app.extensions["providers"]
    assert isinstance(files, ProviderFiles)
    files._known = known
