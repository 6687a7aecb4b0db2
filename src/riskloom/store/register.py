"""Registers a project's definitions in process, as `feast apply` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from feast import Entity, FeatureService, FeatureView

from riskloom.lake.commits import committed
from riskloom.store.compile import TAG, definitions
from riskloom.store.repo import open_store

if TYPE_CHECKING:
    from feast import FeatureStore

    from riskloom.project import Project

KINDS = {"entities": Entity, "views": FeatureView, "services": FeatureService}


def register(project: Project) -> dict[str, list[str]]:
    """Put a project's entities, views and services into the registry.

    What Riskloom registered before and the project no longer declares is removed. Definitions of other kinds, such as
    on-demand views that stand in ``feature_repo/``, are left as they are: `feast apply` registers them.

    Args:
        project: The project.

    Returns:
        Names by kind: ``entities``, ``views``, ``services``.

    Raises:
        StoreError: There is no feature repository, or Feast cannot serve an entity's key.
    """
    store = open_store(project.settings.feature_repo)
    wanted = definitions(project)
    store.apply(wanted, objects_to_delete=_undeclared(store, wanted), partial=False)
    committed("registry", "applied")
    return {kind: [found.name for found in wanted if isinstance(found, cls)] for kind, cls in KINDS.items()}


def _undeclared(store: FeatureStore, wanted: list[Any]) -> list[Any]:
    declared = {(type(found), found.name) for found in wanted}
    registered = [*store.list_entities(), *store.list_feature_views(), *store.list_feature_services()]
    gone = [found for found in registered if TAG in found.tags and (type(found), found.name) not in declared]
    return [*gone, *(found.batch_source for found in gone if isinstance(found, FeatureView))]
