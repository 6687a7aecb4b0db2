"""States in SQLite: a table a view, beside the tables that Feast keeps in the same file."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from riskloom.errors import StoreError
from riskloom.store.inner.base import Held

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from riskloom.store.inner.base import Batch, Found, Row, Swap

_KEYS_AT_ONCE = 5_000
_WAIT_SECONDS = 30.0
_MISSING = "no such table"


class SqliteStates:
    """States in one file.

    Args:
        path: The file; its folder is made.
        project: Feast's project.

    Attributes:
        patience: Seconds to wait for others that write.
    """

    shared = False

    def __init__(self, path: Path, project: str) -> None:
        self._path, self._project = path, project
        self._local = threading.local()
        self.patience = _WAIT_SECONDS

    def read(self, asked: Sequence[tuple[str, Sequence[bytes]]]) -> list[list[Found]]:
        """Read keys of several views."""
        return [[_found(held) for held in self.look(view, keys)] for view, keys in asked]

    def look(self, view: str, keys: Sequence[bytes]) -> list[Held | None]:
        """Read all that stands under keys of a view."""
        found: dict[bytes, Held] = {}
        with self._connection() as connection:
            for start in range(0, len(keys), _KEYS_AT_ONCE):
                part = keys[start : start + _KEYS_AT_ONCE]
                places = ",".join("?" * len(part))
                query = f"SELECT key, version, revision, change, body, recent FROM {self._table(view)}"
                try:
                    rows = connection.execute(f"{query} WHERE key IN ({places})", part)
                except sqlite3.OperationalError as error:
                    if _MISSING not in str(error):
                        raise
                    break
                found.update((key, Held(*rest)) for key, *rest in rows)
        return [found.get(key) for key in keys]

    def write_batch(self, view: str, batch: Batch) -> list[bytes]:
        """Write what is newer, as ``write`` does."""
        return self.write(view, list(batch.rows()))

    def write(self, view: str, rows: Sequence[Row]) -> list[bytes]:
        """Write what is newer, in one statement a row and one transaction a call."""
        table = self._table(view)
        with self._connection() as connection, connection:
            self._create(connection, view)
            connection.executemany(
                f"INSERT INTO {table} VALUES (?, ?, ?, 0, ?, x'') ON CONFLICT (key) DO UPDATE SET"
                " version = excluded.version, revision = excluded.revision, change = 0, body = excluded.body"
                f" WHERE {table}.recent = x''"
                f" AND (excluded.version, excluded.revision) > ({table}.version, {table}.revision)",
                rows,
            )
            waiting = set(self._pushed(connection, view))
        return [row.key for row in rows if row.key in waiting] if waiting else []

    def swap(self, view: str, swaps: Sequence[Swap]) -> list[bool]:
        """Make changes, one statement each, in one transaction."""
        table = self._table(view)
        made = []
        with self._connection() as connection, connection:
            self._create(connection, view)
            for key, seen, new in swaps:
                if seen is None:
                    query = f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING"
                    done = connection.execute(query, (key, *new))
                else:
                    query = (
                        f"UPDATE {table} SET (version, revision, change, body, recent) = (?, ?, ?, ?, ?)"
                        " WHERE key = ? AND (version, revision, change) = (?, ?, ?)"
                    )
                    done = connection.execute(query, (*new, key, *seen[:3]))
                made.append(done.rowcount == 1)
        return made

    def pushed(self, view: str, prefix: bytes) -> list[bytes]:
        """Give the keys that have a recent part, from an index of those alone."""
        with self._connection() as connection:
            found = self._pushed(connection, view) if self._exists(connection, view) else []
        return [key for key in found if key.startswith(prefix)]

    def _pushed(self, connection: sqlite3.Connection, view: str) -> list[bytes]:
        return [key for (key,) in connection.execute(f"SELECT key FROM {self._table(view)} WHERE recent > x''")]

    def drop(self, view: str, prefix: bytes = b"") -> None:
        """Remove keys of a view; the whole table without a prefix."""
        table = self._table(view)
        with self._connection() as connection, connection:
            if not prefix:
                connection.execute(f"DROP TABLE IF EXISTS {table}")
            elif self._exists(connection, view):
                connection.execute(f"DELETE FROM {table} WHERE substr(key, 1, ?) = ?", (len(prefix), prefix))

    def sweep(self, view: str) -> int:
        """Remove tombstones, and write the file anew: free pages keep what rows held."""
        with self._connection() as connection:
            swept = 0
            if self._exists(connection, view):
                with connection:
                    query = f"DELETE FROM {self._table(view)} WHERE body = x'' AND recent = x''"
                    swept = connection.execute(query).rowcount
            connection.execute("VACUUM")
        return swept

    def close(self) -> None:
        """Close this thread's connection."""
        connection = self._local.__dict__.pop("connection", None)
        if connection is not None:
            connection.close()

    def _table(self, view: str) -> str:
        return f'"riskloom_{self._project}_{view}"'

    def _create(self, connection: sqlite3.Connection, view: str) -> None:
        table = self._table(view)
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS {table} (key BLOB PRIMARY KEY, version INTEGER NOT NULL,"
            " revision INTEGER NOT NULL, change INTEGER NOT NULL, body BLOB NOT NULL, recent BLOB NOT NULL)"
            " WITHOUT ROWID"
        )
        index = table.replace('"riskloom_', '"riskloom_pushed_')
        connection.execute(f"CREATE INDEX IF NOT EXISTS {index} ON {table} (key) WHERE recent > x''")

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
                connection = self._local.connection = sqlite3.connect(self._path, timeout=self.patience)
            yield connection
        except sqlite3.Error as error:
            raise StoreError.unreachable(f"SQLite at {self._path}", str(error)) from error


def _found(held: Held | None) -> Found:
    if held is None or held.recent:
        return held
    return held.body or None
