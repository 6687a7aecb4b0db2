"""The catalogue: every feature that a project declares, with what a reader needs to choose it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskloom.intervals import format_duration
from riskloom.tabular import as_table

if TYPE_CHECKING:
    from riskloom.project import Project

_SHOWN = ("feature", "type", "window", "entity", "view", "services")


def features_of(project: Project) -> list[dict[str, Any]]:
    """List every feature of a project, view by view.

    Args:
        project: What is declared.

    Returns:
        A row a feature: feature, type, function, window, delay, hop, entity, keys, view, source, services.
    """
    served: dict[tuple[str, str], list[str]] = {}
    for service in project.services:
        for view, features in project.service_features(service):
            for feature in features:
                served.setdefault((view.name, feature.name), []).append(service)
    return [
        {
            "feature": feature.name,
            "type": feature.dtype,
            "function": feature.function,
            "window": format_duration(feature.window.length),
            "delay": format_duration(feature.window.delay),
            "hop": format_duration(feature.window.hop),
            "entity": view.entity.name,
            "keys": list(view.entity.key_columns),
            "view": view.name,
            "source": view.source.name,
            "services": served.get((view.name, feature.name), []),
        }
        for view in project.views.values()
        for feature in view.features
    ]


def as_text(rows: list[dict[str, Any]]) -> str:
    """Write the features as a table for people."""
    shown = [{**row, "services": ", ".join(row["services"])} for row in rows]
    return as_table(shown, _SHOWN)
