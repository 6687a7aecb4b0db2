"""A project's declarations as Feast objects."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from feast import Entity, FeatureService, FeatureView, Field

from riskloom.errors import StoreError
from riskloom.lake.paths import Lake
from riskloom.store.source import DeltaSource
from riskloom.store.table_source import DeltaTableSource
from riskloom.store.values import FIELD_TYPES, KEY_TYPES, VALUE_TYPES

if TYPE_CHECKING:
    from pathlib import Path

    from riskloom.declare import BatchFeatureView
    from riskloom.declare import FeatureView as Declared
    from riskloom.project import Project

TAG = "riskloom"
FULL_NAMES = "riskloom_full_feature_names"


def definitions(project: Project) -> list[Any]:
    """Compile a project's views and services, and the entities that they need.

    Args:
        project: The project.

    Returns:
        Feast entities (one a key column: Feast's have one key each), feature views, feature services.

    Raises:
        StoreError: An entity's key cannot be served by Feast.
    """
    entities = _entities(project)
    views = {view.name: _view(project, view, entities) for view in project.views.values()}
    views |= {view.name: _batch_view(project, view, entities) for view in project.batch_views.values()}
    services = [_service(project, name, views) for name in project.services]
    return [*entities.values(), *views.values(), *services]


def named(project: Project) -> dict[str, Any]:
    """Compile a project as the module attributes in which Feast looks for definitions."""
    return {f"{type(found).__name__}_{found.name}": found for found in definitions(project)}


def _entities(project: Project) -> dict[str, Entity]:
    types: dict[str, str] = {}
    entities: dict[str, Entity] = {}
    used = [view.entity for view in project.views.values()] + [view.entity for view in project.batch_views.values()]
    for owner in used:
        for column, dtype in owner.keys:
            if dtype not in KEY_TYPES:
                raise StoreError.key_type(owner.name, column, dtype)
            if types.setdefault(column, dtype) != dtype:
                raise StoreError.key_conflict(column, types[column], dtype)
            description = owner.description if len(owner.keys) == 1 else ""
            entity = Entity(
                name=column,
                join_keys=[column],
                value_type=VALUE_TYPES[dtype],
                description=description,
                tags={TAG: "key"},
            )
            entities.setdefault(column, entity)
    return entities


def _view(project: Project, view: Declared, entities: dict[str, Entity]) -> FeatureView:
    keys = [Field(name=column, dtype=FIELD_TYPES[dtype]) for column, dtype in view.entity.keys]
    features = [
        Field(name=feature.name, dtype=FIELD_TYPES[feature.dtype], tags={"window": str(feature.window)})
        for feature in view.features
    ]
    return FeatureView(
        name=view.name,
        entities=[entities[column] for column in view.entity.key_columns],
        schema=[*keys, *features],
        source=DeltaSource.of(view, _table(project, Lake(project.settings.lake).gold(view.name))),
        description=view.description,
        tags={TAG: "view", "entity": view.entity.name, **_risks(view)},
        owner=view.owner,
    )


def _batch_view(project: Project, view: BatchFeatureView, entities: dict[str, Entity]) -> FeatureView:
    columns = (*view.entity.keys, *view.columns.items())
    source = DeltaTableSource(
        name=view.name,
        path=_table(project, project.batch_table(view)),
        timestamp_field=view.timestamp,
        created_timestamp_column=view.created,
    )
    return FeatureView(
        name=view.name,
        entities=[entities[column] for column in view.entity.key_columns],
        schema=[Field(name=column, dtype=FIELD_TYPES[dtype]) for column, dtype in columns],
        ttl=None if view.lifetime is None else timedelta(microseconds=view.lifetime),
        source=source,
        description=view.description,
        tags={TAG: "batch_view", "entity": view.entity.name, **_risks(view)},
        owner=view.owner,
    )


def _risks(view: Declared | BatchFeatureView) -> dict[str, str]:
    return {"risks": ", ".join(view.risks)} if view.risks else {}


def _table(project: Project, path: Path) -> str:
    """Name a table from the feature repository, so that a moved checkout works; one outside the project absolutely."""
    inside = path.is_relative_to(project.root)
    return os.path.relpath(path, project.settings.feature_repo) if inside else str(path)


def _service(project: Project, name: str, views: dict[str, FeatureView]) -> FeatureService:
    service = project.service(name)
    chosen = [
        views[view.name][[feature.name for feature in features]] for view, features in project.service_features(name)
    ]
    chosen += [views[view.name][[column.name for column in part]] for view, part in project.service_columns(name)]
    return FeatureService(
        name=name,
        features=chosen,
        tags={TAG: "service", FULL_NAMES: str(service.full_feature_names).lower()},
        description=service.description,
        owner=service.owner,
    )
