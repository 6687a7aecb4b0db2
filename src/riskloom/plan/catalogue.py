"""The catalogue: every feature that a project declares, with what a reader needs to choose it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskloom.errors import ProjectError
from riskloom.intervals import format_duration
from riskloom.plan.wording import column_unit, meaning_of, unit_of
from riskloom.tabular import as_table

if TYPE_CHECKING:
    from riskloom.declare import BatchFeatureView, FeatureView
    from riskloom.project import Project

_SHOWN = ("feature", "type", "unit", "window", "entity", "view", "owner", "services")


def features_of(project: Project, risk: str | None = None) -> list[dict[str, Any]]:
    """List every feature of a project, view by view.

    Args:
        project: What is declared.
        risk: Only features of views that say they serve this; all where None.

    Returns:
        A row a feature: feature, type, unit, description, function, window, delay, hop, entity, keys, view, source,
        owner, risks, services. Those of batch views have no window, and their table as their source.

    Raises:
        ProjectError: No view serves that risk.
    """
    _check(project, risk)
    served = _served(project)
    rows = [row for view in project.views.values() for row in _windowed(view)]
    rows += [row for batch in project.batch_views.values() for row in _of_table(batch)]
    return [
        {**row, "services": served.get((row["view"], row["feature"]), [])}
        for row in rows
        if risk is None or risk in row["risks"]
    ]


def _served(project: Project) -> dict[tuple[str, str], list[str]]:
    """Say which services read each feature, by view and feature."""
    found: dict[tuple[str, str], list[str]] = {}
    for service in project.services:
        windowed = [(view.name, one.name) for view, some in project.service_features(service) for one in some]
        columns = [(view.name, one.name) for view, some in project.service_columns(service) for one in some]
        for place in (*windowed, *columns):
            found.setdefault(place, []).append(service)
    return found


def _check(project: Project, risk: str | None) -> None:
    every: list[FeatureView | BatchFeatureView] = [*project.views.values(), *project.batch_views.values()]
    known = dict.fromkeys(name for view in every for name in view.risks)
    if risk is not None and risk not in known:
        raise ProjectError.unknown("risk", risk, known)


def _windowed(view: FeatureView) -> list[dict[str, Any]]:
    return [
        {
            "feature": feature.name,
            "type": feature.dtype,
            "unit": unit_of(feature, view.source),
            "description": meaning_of(feature),
            "function": feature.function,
            "window": format_duration(feature.window.length),
            "delay": format_duration(feature.window.delay),
            "hop": format_duration(feature.window.hop),
            "source": view.source.name,
            **_common(view),
        }
        for feature in view.features
    ]


def _of_table(view: BatchFeatureView) -> list[dict[str, Any]]:
    return [
        {
            "feature": column.name,
            "type": column.dtype,
            "unit": view.units.get(column.name) or column_unit(column.dtype),
            "description": f"{column.name} of the newest row",
            "function": "as_of",
            "window": "",
            "delay": "",
            "hop": "",
            "source": view.table,
            **_common(view),
        }
        for column in view.features
    ]


def _common(view: FeatureView | BatchFeatureView) -> dict[str, Any]:
    return {
        "entity": view.entity.name,
        "keys": list(view.entity.key_columns),
        "view": view.name,
        "owner": view.owner,
        "risks": list(view.risks),
    }


def as_text(rows: list[dict[str, Any]]) -> str:
    """Write the features as a table for people."""
    shown = [{**row, "services": ", ".join(row["services"])} for row in rows]
    return as_table(shown, _SHOWN)
