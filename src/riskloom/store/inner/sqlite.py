"""States in SQLite: a table a view, beside the tables that Feast keeps in the same file."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from riskloom.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from riskloom.store.inner.base import Row

_KEYS_AT_ONCE = 5_000
_WAIT_SECONDS = 30.0
_MISSING = "no such table"


class SqliteStates:
    """States in one file.

    Args:
        path: The file; its folder is made.
        project: Feast's project.
    """

    def __init__(self, path: Path, project: str) -> None:
        self._path, self._project = path, project
        self._local = threading.local()

    def read(self, asked: Sequence[tuple[str, Sequence[bytes]]]) -> list[list[bytes | None]]:
        """Read keys of several views."""
        with self._connection() as connection:
            return [self._read(connection, view, keys) for view, keys in asked]

    def _read(self, connection: sqlite3.Connection, view: str, keys: Sequence[bytes]) -> list[bytes | None]:
        found: dict[bytes, bytes] = {}
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            part = keys[start : start + _KEYS_AT_ONCE]
            places = ",".join("?" * len(part))
            try:
                rows = connection.execute(f"SELECT key, body FROM {self._table(view)} WHERE key IN ({places})", part)
            except sqlite3.OperationalError as error:
                if _MISSING not in str(error):
                    raise
                continue
            found.update(rows)
        return [found.get(key) or None for key in keys]

    def write(self, view: str, rows: Sequence[Row]) -> None:
        """Write what is newer, in one statement a row and one transaction a call."""
        table = self._table(view)
        with self._connection() as connection, connection:
            connection.execute(
                f"CREATE TABLE IF NOT EXISTS {table} (key BLOB PRIMARY KEY, version INTEGER NOT NULL,"
                " revision INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID"
            )
            connection.executemany(
                f"INSERT INTO {table} VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET version = excluded.version,"
                " revision = excluded.revision, body = excluded.body"
                f" WHERE (excluded.version, excluded.revision) > ({table}.version, {table}.revision)",
                rows,
            )

    def drop(self, view: str, prefix: bytes = b"") -> None:
        """Remove keys of a view; the whole table without a prefix."""
        table = self._table(view)
        with self._connection() as connection, connection:
            if not prefix:
                connection.execute(f"DROP TABLE IF EXISTS {table}")
            elif self._exists(connection, view):
                connection.execute(f"DELETE FROM {table} WHERE substr(key, 1, ?) = ?", (len(prefix), prefix))

    def close(self) -> None:
        """Close this thread's connection."""
        connection = self._local.__dict__.pop("connection", None)
        if connection is not None:
            connection.close()

    def _table(self, view: str) -> str:
        return f'"riskloom_{self._project}_{view}"'

    def _exists(self, connection: sqlite3.Connection, view: str) -> bool:
        query = "SELECT 1 FROM sqlite_master WHERE name = ?"
        with closing(connection.execute(query, (self._table(view).strip('"'),))) as rows:
            return rows.fetchone() is not None

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._local.__dict__.get("connection")
            if connection is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                connection = self._local.connection = sqlite3.connect(self._path, timeout=_WAIT_SECONDS)
            yield connection
        except sqlite3.Error as error:
            raise StoreError.unreachable(f"SQLite at {self._path}", str(error)) from error
