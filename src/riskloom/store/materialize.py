"""Materializes a project's views in process, as `feast materialize` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from riskloom.errors import StoreError
from riskloom.store.online import windowed
from riskloom.store.repo import open_store
from riskloom.store.write import record, write_view

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from feast import FeatureStore, FeatureView

    from riskloom.project import Project

Runner = Literal["auto", "in_process", "spark"]
RUNNERS = ("auto", "in_process", "spark")


def materialize(
    project: Project,
    views: Sequence[str] | None = None,
    *,
    until: int | None = None,
    full: bool = False,
    runner: Runner = "auto",
) -> dict[str, int]:
    """Write the online states of views.

    Args:
        project: The project.
        views: Names of the views; None for all.
        until: Microseconds since the epoch up to which events are taken; None for all there are.
        full: Write all states anew, beside those that serve, and not only those of entities whose events changed.
        runner: ``in_process`` writes from this process, ``spark`` by tasks of Spark's executors, some buckets each, and
            ``auto`` takes Spark for tables that are estimated to be too large for one process.

    Returns:
        How many entities were written, by view.

    Raises:
        StoreError: A view is not registered, or has no table, or there is no such runner.
    """
    if runner not in RUNNERS:
        raise StoreError.unknown_option("runner", runner, RUNNERS)
    store = open_store(project.settings.feature_repo)
    registered = {table.name: table for table in store.list_feature_views() if windowed(table)}
    options = {"until": until, "full": full, "runner": runner, "settings": project.settings}
    return {name: _materialize(store, registered, name, options) for name in views or project.views}


def _materialize(store: FeatureStore, registered: dict[str, FeatureView], name: str, options: Mapping[str, Any]) -> int:
    if name not in registered:
        raise StoreError.not_registered(name, registered)
    table = registered[name]
    mark = write_view(store.config, store.provider.online_store, table, **options)
    record(store.registry, store.project, table, mark, table.batch_source.view.reach)
    return mark.entities
