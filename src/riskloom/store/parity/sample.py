"""Entities to compare: keys that the tables of a service's views really have."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from riskloom.errors import StoreError
from riskloom.lake import tables
from riskloom.lake.paths import Lake

if TYPE_CHECKING:
    from pathlib import Path

    from riskloom.project import Project

Keys = list[dict[str, Any]]


def sample_keys(project: Project, service: str, size: int, seed: int = 0) -> Keys:
    """Choose keys of a service.

    A view's keys are taken together, from the view with the most of them on; keys of views that share none are put side
    by side by chance, and all are such as the tables have.

    Args:
        project: The project.
        service: Name of the service.
        size: How many.
        seed: The same seed gives the same keys of the same tables.

    Raises:
        ProjectError: There is no such service.
        StoreError: A table is missing, or none has any key.
    """
    lake, chance = Lake(project.settings.lake), random.Random(seed)  # noqa: S311 - no secret
    windowed = [
        (view.name, view.entity.key_columns, lake.gold(view.name)) for view, _ in project.service_features(service)
    ]
    batch = [
        (view.name, view.entity.key_columns, project.batch_table(view)) for view, _ in project.service_columns(service)
    ]
    rows: Keys = [{} for _ in range(size)]
    for name, columns, path in sorted((*windowed, *batch), key=lambda part: (-len(part[1]), part[0])):
        missing = [column for column in columns if column not in rows[0]] if rows else []
        if missing:
            found = _distinct(name, path, missing)
            for row in rows:
                row.update(zip(missing, chance.choice(found), strict=True))
    return rows


def _distinct(view: str, path: Path, columns: list[str]) -> list[tuple[Any, ...]]:
    if not tables.exists(path):
        raise StoreError.no_table(view, path)
    keys = tables.read(path, columns=columns).drop_null().group_by(columns).aggregate([])
    if not keys.num_rows:
        raise StoreError.no_keys(view, path)
    return sorted(zip(*(keys.column(name).to_pylist() for name in columns), strict=True))
