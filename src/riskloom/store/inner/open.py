"""Opens the store of states that a repository's configuration names."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskloom.errors import StoreError
from riskloom.store.inner.postgres import PostgresStates
from riskloom.store.inner.redis import RedisStates
from riskloom.store.inner.sqlite import SqliteStates

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Self

    from feast import RepoConfig

    from riskloom.store.inner.base import StateStore

_FAILURES = {
    "sqlite": ("sqlite3", "Error"),
    "redis": ("redis.exceptions", "RedisError"),
    "postgres": ("psycopg", "Error"),
}
_DEFAULT_PATH = "data/online.db"


@contextmanager
def reachable(kind: str) -> Iterator[None]:
    """Tell failures of one of Feast's own stores as ours are told.

    Args:
        kind: Feast's name of the store; of one that keeps no states nothing is known.

    Raises:
        StoreError: It failed.
    """
    try:
        yield
    except Exception as error:
        module, name = _FAILURES.get(kind, ("", ""))
        known = sys.modules.get(module)
        if known is None or not isinstance(error, getattr(known, name)):
            raise
        raise StoreError.unreachable(f"Feast's {kind} store", str(error)) from error


@dataclass(frozen=True, slots=True)
class Place:
    """Where a repository keeps its states; what a process needs to open them.

    Attributes:
        options: What ``online_store.inner`` holds.
        project: Feast's project.
        repo: Folder of ``feature_store.yaml``.
    """

    options: Mapping[str, Any]
    project: str
    repo: Path

    @classmethod
    def of(cls, config: RepoConfig) -> Self:
        """Give the place that a repository's configuration names."""
        return cls(config.online_store.inner, config.project, Path(config.repo_path or "."))


def open_states(config: RepoConfig) -> StateStore:
    """Open the store that ``online_store.inner`` names; see ``open_at``."""
    return open_at(Place.of(config))


def open_at(place: Place) -> StateStore:
    """Open a store of states.

    Raises:
        StoreError: It is none of sqlite, redis and postgres.
    """
    options, kind = place.options, place.options["type"]
    if kind == "sqlite":
        path = place.repo / options.get("path", _DEFAULT_PATH)
        return SqliteStates(path.resolve(), place.project)
    if kind == "redis":
        return RedisStates(options, place.project)
    if kind == "postgres":
        return PostgresStates(options, place.project)
    raise StoreError.unknown_inner(kind)
