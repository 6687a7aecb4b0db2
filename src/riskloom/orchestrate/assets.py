"""Assets: the tables that DAGs hand to each other, and what an event of one says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, AssetAlias

if TYPE_CHECKING:
    from riskloom.intervals import Interval
    from riskloom.project import Project

INTERVAL = "interval"
VERSION = "delta_version"
SILVER, GOLD, TRAINING_SET = "silver", "gold", "training_set"


def asset(project: Project, layer: str, name: str) -> Asset:
    """Give the asset of a table, under the name that people see: ``silver.orders``.

    The URI holds the project's name and no path, so that a moved project keeps its assets.
    """
    return Asset(name=f"{layer}.{name}", uri=f"riskloom://{project.settings.name}/{layer}/{name}")


def gold_alias(project: Project) -> AssetAlias:
    """Give the alias through which a task announces only the gold tables that it brought up to date."""
    return AssetAlias(name=f"{project.settings.name}.{GOLD}")


def extra(interval: Interval, version: int | None) -> dict[str, Any]:
    """Write what an event says: the stretch of data, and the version of the table that holds it, if it is there."""
    return {INTERVAL: str(interval), VERSION: version}


def source_of(project: Project, name: str) -> str:
    """Give the source behind an asset: ``silver.orders`` is one's own table, a view's gold table reads one."""
    layer, _, table = name.partition(".")
    return table if layer == SILVER else project.view(table).source.name
