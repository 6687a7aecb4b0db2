"""The online store after rows have gone: states follow gold, and nothing is left of those who have none any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskloom.lake import tables
from riskloom.lake.paths import Lake
from riskloom.store.inner.base import STATE, Swap, key_part
from riskloom.store.keyed import rings_of
from riskloom.store.materialize import materialize
from riskloom.store.online import RiskloomOnlineStore, windowed
from riskloom.store.repo import open_store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskloom.declare import FeatureView
    from riskloom.project import Project
    from riskloom.store.inner.base import StateStore
    from riskloom.tokens import Ring


def online_without(project: Project, views: Sequence[str], erased: Mapping[str, str] | None = None) -> dict[str, int]:
    """Write the states that changed; remove what was pushed of the erased, and tombstones of those that are gone.

    Args:
        project: The project; one without a Feast repository has no states.
        views: Names of views; one that is not registered, or has no table, has no states.
        erased: Key columns and raw values of who was erased; None for nobody.

    Returns:
        How many entities' states were removed, by view.

    Raises:
        StoreError: The online store can't be reached.
    """
    if not (project.settings.feature_repo / "feature_store.yaml").is_file():
        return {}
    feast = open_store(project.settings.feature_repo)
    registered = {table.name for table in feast.list_feature_views() if windowed(table)}
    online = feast.provider.online_store
    lake = Lake(project.settings.lake)
    served = [name for name in views if name in registered and tables.exists(lake.gold(name))]
    if not served or not isinstance(online, RiskloomOnlineStore):
        return {}
    materialize(project, served)
    states = online.views(feast.config).states
    for view in map(project.view, served) if erased else ():
        _forget_pushed(states, view, erased or {})
    return {name: states.sweep(name) for name in served}


def _forget_pushed(states: StateStore, view: FeatureView, erased: Mapping[str, str]) -> None:
    """Take what was pushed out of the states whose key has a value of the erased, under whatever key for tokens."""
    keys = {column: dtype for column, dtype in view.entity.keys if column in erased}
    if len(keys) < len(erased):
        return
    rings: Sequence[Ring | None] = rings_of(view) or [None]
    parts = [[_part(view, column, erased[column], dtype, ring) for column, dtype in keys.items()] for ring in rings]
    for key in states.pushed(view.name, STATE):
        if any(all(part in key for part in form) for form in parts):
            _without_recent(states, view.name, key)


def _part(view: FeatureView, column: str, value: str, dtype: str, ring: Ring | None) -> bytes:
    if ring is not None and column in view.source.tokens:
        return key_part(ring.token(value))
    return key_part(int(value) if dtype == "int64" else value)


def _without_recent(states: StateStore, view: str, key: bytes) -> None:
    made = False
    while not made:
        (seen,) = states.look(view, [key])
        if seen is None or not seen.recent:
            return
        (made,) = states.swap(view, [Swap(key, seen, seen._replace(change=seen.change + 1, recent=b""))])
