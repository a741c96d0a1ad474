"""The catalogue of diagnoses as it is told to people of gmx.net."""

from __future__ import annotations

from collections.abc import Mapping

from webapp.core import diagnosis, providers

GMX = providers.load()["gmx.net"]
CATALOGUE: Mapping[str, diagnosis.Diagnosis] = {
    name: entry.for_provider(GMX) for name, entry in diagnosis.CATALOGUE.items()
}
