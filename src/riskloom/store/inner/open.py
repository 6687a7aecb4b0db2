"""Opens the store of states that a repository's configuration names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from riskloom.errors import StoreError
from riskloom.store.inner.postgres import PostgresStates
from riskloom.store.inner.redis import RedisStates
from riskloom.store.inner.sqlite import SqliteStates

if TYPE_CHECKING:
    from feast import RepoConfig

    from riskloom.store.inner.base import StateStore

_DEFAULT_PATH = "data/online.db"


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
