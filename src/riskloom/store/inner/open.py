"""Opens the store of states that a repository's configuration names."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from riskloom.errors import StoreError
from riskloom.store.inner.postgres import PostgresStates
from riskloom.store.inner.redis import RedisStates
from riskloom.store.inner.sqlite import SqliteStates

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def open_states(config: RepoConfig) -> StateStore:
    """Open the store that ``online_store.inner`` names.

    Raises:
        StoreError: It is none of sqlite, redis and postgres.
    """
    options, project = config.online_store.inner, config.project
    kind = options["type"]
    if kind == "sqlite":
        path = Path(config.repo_path or ".") / options.get("path", _DEFAULT_PATH)
        return SqliteStates(path.resolve(), project)
    if kind == "redis":
        return RedisStates(options, project)
    if kind == "postgres":
        return PostgresStates(options, project)
    raise StoreError.unknown_inner(kind)
