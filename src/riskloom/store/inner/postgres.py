"""States in PostgreSQL: a table a view, written by one statement a batch."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from riskloom.errors import StoreError
from riskloom.store.inner.base import Held

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from psycopg import Connection

    from riskloom.store.inner.base import Batch, Found, Row, Swap

_ROWS_A_STATEMENT = 2_000
# Seconds that a statement of a batch may take; who answers a caller sets a shorter time.
_PATIENCE_S = 60.0


class PostgresStates:
    """States in one database.

    Args:
        options: Feast's options of its PostgreSQL store: host, port, database, user, password and so on.
        project: Feast's project.

    Attributes:
        patience: Seconds after which a server that does not answer is said to fail; None for as long as it takes.
    """

    shared = True

    def __init__(self, options: Mapping[str, Any], project: str) -> None:
        from feast.infra.utils.postgres.postgres_config import PostgreSQLConfig

        self._config = PostgreSQLConfig(**{name: value for name, value in options.items() if name != "type"})
        self._where = f"PostgreSQL at {self._config.host}:{self._config.port}"
        self._project = project
        self._local = threading.local()
        self.patience: float | None = _PATIENCE_S

    def read(self, asked: Sequence[tuple[str, Sequence[bytes]]]) -> list[list[Found]]:
        """Read keys of several views by one pipeline."""
        return [
            [held if held is None or held.recent else held.body or None for held in part] for part in self._look(asked)
        ]

    def look(self, view: str, keys: Sequence[bytes]) -> list[Held | None]:
        """Read all that stands under keys of a view."""
        return self._look([(view, keys)])[0]

    def _look(self, asked: Sequence[tuple[str, Sequence[bytes]]]) -> list[list[Held | None]]:
        from psycopg.errors import UndefinedTable

        try:
            with self._connection() as connection, connection.pipeline():
                cursors = [
                    connection.execute(
                        f"SELECT key, version, revision, change, body, recent FROM {self._table(view)}"
                        " WHERE key = ANY(%s)",
                        [list(keys)],
                        binary=True,
                    )
                    for view, keys in asked
                ]
                found = [{key: Held(*rest) for key, *rest in cursor.fetchall()} for cursor in cursors]
        except UndefinedTable:
            # A view that nothing was ever written for has no table yet. Its turn comes once, so it is made here.
            for view, _ in asked:
                self._create(view)
            return self._look(asked)
        return [[found[place].get(key) for key in keys] for place, (_, keys) in enumerate(asked)]

    def write_batch(self, view: str, batch: Batch) -> list[bytes]:
        """Write what is newer, as ``write`` does."""
        return self.write(view, list(batch.rows()))

    def write(self, view: str, rows: Sequence[Row]) -> list[bytes]:
        """Write what is newer, in the order of keys, so that two writers wait for each other and never deadlock."""
        table = self._table(view)
        self._create(view)
        ordered = sorted(rows)
        left: list[bytes] = []
        with self._connection() as connection:
            for start in range(0, len(ordered), _ROWS_A_STATEMENT):
                columns = [list(column) for column in zip(*ordered[start : start + _ROWS_A_STATEMENT], strict=True)]
                connection.execute(
                    f"INSERT INTO {table} SELECT key, version, revision, 0, body, ''"
                    " FROM unnest(%s::bytea[], %s::bigint[], %s::bigint[], %s::bytea[])"
                    " AS new(key, version, revision, body)"
                    " ON CONFLICT (key) DO UPDATE SET version = excluded.version, revision = excluded.revision,"
                    f" change = 0, body = excluded.body WHERE {table}.recent = ''"
                    f" AND (excluded.version, excluded.revision) > ({table}.version, {table}.revision)",
                    columns,
                    binary=True,
                )
                query = f"SELECT key FROM {table} WHERE recent <> '' AND key = ANY(%s)"
                left += [key for (key,) in connection.execute(query, [columns[0]], binary=True)]
        return left

    def swap(self, view: str, swaps: Sequence[Swap]) -> list[bool]:
        """Make changes, one statement each, in the order of keys and in one transaction."""
        table = self._table(view)
        self._create(view)
        made: dict[bytes, bool] = {}
        with self._connection() as connection, connection.transaction():
            for key, seen, new in sorted(swaps, key=lambda swap: swap.key):
                if seen is None:
                    query = f"INSERT INTO {table} VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (key) DO NOTHING"
                    done = connection.execute(query, (key, *new), binary=True)
                else:
                    query = (
                        f"UPDATE {table} SET (version, revision, change, body, recent) = (%s, %s, %s, %s, %s)"
                        " WHERE key = %s AND (version, revision, change) = (%s, %s, %s)"
                    )
                    done = connection.execute(query, (*new, key, *seen[:3]), binary=True)
                made[key] = done.rowcount == 1
        return [made[swap.key] for swap in swaps]

    def pushed(self, view: str, prefix: bytes) -> list[bytes]:
        """Give the keys that have a recent part, from an index of those alone."""
        self._create(view)
        with self._connection() as connection:
            query = f"SELECT key FROM {self._table(view)} WHERE recent <> '' AND substr(key, 1, %s) = %s"
            return [key for (key,) in connection.execute(query, [len(prefix), prefix], binary=True)]

    def drop(self, view: str, prefix: bytes = b"") -> None:
        """Remove keys of a view; the whole table without a prefix."""
        with self._connection() as connection:
            if not prefix:
                connection.execute(f"DROP TABLE IF EXISTS {self._table(view)}")
        if prefix:
            self._create(view)
            with self._connection() as connection:
                query = f"DELETE FROM {self._table(view)} WHERE substr(key, 1, %s) = %s"
                connection.execute(query, [len(prefix), prefix])

    def sweep(self, view: str) -> int:
        """Remove tombstones, and write the table anew: dead rows keep what they held."""
        self._create(view)
        self.close()
        kept, self.patience = self.patience, None
        try:
            with self._connection() as connection:
                query = f"DELETE FROM {self._table(view)} WHERE body = '' AND recent = ''"
                swept = connection.execute(query).rowcount
                connection.execute(f"VACUUM (FULL) {self._table(view)}")
        finally:
            self.patience = kept
            self.close()
        return swept

    def close(self) -> None:
        """Close this thread's connection."""
        connection = self._local.__dict__.pop("connection", None)
        if connection is not None:
            connection.close()

    def _create(self, view: str) -> None:
        from psycopg.errors import DuplicateTable, UniqueViolation

        try:
            with self._connection() as connection:
                there = connection.execute("SELECT to_regclass(%s)", [self._table(view)]).fetchone()
                if there is not None and there[0] is not None:
                    return
                connection.execute(
                    f"CREATE TABLE IF NOT EXISTS {self._table(view)} (key bytea PRIMARY KEY, version bigint NOT NULL,"
                    " revision bigint NOT NULL, change bigint NOT NULL, body bytea NOT NULL, recent bytea NOT NULL)"
                )
                index = self._table(view).replace('"riskloom_', '"riskloom_pushed_')
                connection.execute(
                    f"CREATE INDEX IF NOT EXISTS {index} ON {self._table(view)} (key) WHERE recent <> ''"
                )
        except (DuplicateTable, UniqueViolation):
            return  # Another writer made it in this very moment.

    def _table(self, view: str) -> str:
        return f'"riskloom_{self._project}_{view}"'

    @contextmanager
    def _connection(self) -> Iterator[Connection[Any]]:
        import psycopg

        passed = (psycopg.errors.UndefinedTable, psycopg.errors.DuplicateTable, psycopg.errors.UniqueViolation)
        try:
            connection = self._local.__dict__.get("connection")
            if connection is None or connection.closed or connection.broken:
                connection = self._local.connection = self._connected()
            yield connection
        except passed:
            raise
        except psycopg.Error as error:
            self.close()
            raise StoreError.unreachable(self._where, str(error).strip() or type(error).__name__) from error

    def _connected(self) -> Connection[Any]:
        import psycopg
        from feast.infra.utils.postgres.connection_utils import _get_conn_kwargs, _get_conninfo

        given = {"keepalives_idle": self._config.keepalives_idle, **_get_conn_kwargs(self._config)}
        # libpq takes whole seconds, two at least.
        given["connect_timeout"] = 2
        connection = psycopg.connect(_get_conninfo(self._config), autocommit=True, **given)
        if self.patience is not None:
            connection.wait = partial(connection.wait, timeout=self.patience)  # type: ignore[method-assign]
        return connection
