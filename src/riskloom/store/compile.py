"""A project's declarations as Feast objects."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from feast import Entity, FeatureService, FeatureView, Field

from riskloom.errors import StoreError
from riskloom.lake.paths import Lake
from riskloom.store.source import DeltaSource
from riskloom.store.values import FIELD_TYPES, KEY_TYPES, VALUE_TYPES

if TYPE_CHECKING:
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
    services = [_service(project, name, views) for name in project.services]
    return [*entities.values(), *views.values(), *services]


def named(project: Project) -> dict[str, Any]:
    """Compile a project as the module attributes in which Feast looks for definitions."""
    return {f"{type(found).__name__}_{found.name}": found for found in definitions(project)}


def _entities(project: Project) -> dict[str, Entity]:
    types: dict[str, str] = {}
    entities: dict[str, Entity] = {}
    for view in project.views.values():
        for column, dtype in view.entity.keys:
            if dtype not in KEY_TYPES:
                raise StoreError.key_type(view.entity.name, column, dtype)
            if types.setdefault(column, dtype) != dtype:
                raise StoreError.key_conflict(column, types[column], dtype)
            description = view.entity.description if len(view.entity.keys) == 1 else ""
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
        source=DeltaSource.of(view, _table(project, view.name)),
        description=view.description,
        tags={TAG: "view", "entity": view.entity.name},
        owner=view.owner,
    )


def _table(project: Project, view: str) -> str:
    """Name a table from the feature repository, so that a moved checkout works; one outside the project absolutely."""
    path = Lake(project.settings.lake).gold(view)
    inside = path.is_relative_to(project.root)
    return os.path.relpath(path, project.settings.feature_repo) if inside else str(path)


def _service(project: Project, name: str, views: dict[str, FeatureView]) -> FeatureService:
    service = project.service(name)
    chosen = [
        views[view.name][[feature.name for feature in features]] for view, features in project.service_features(name)
    ]
    return FeatureService(
        name=name,
        features=chosen,
        tags={TAG: "service", FULL_NAMES: str(service.full_feature_names).lower()},
        description=service.description,
        owner=service.owner,
    )
