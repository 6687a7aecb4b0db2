"""States in PostgreSQL: a table a view, written by one statement a batch."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from riskloom.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from psycopg import Connection

    from riskloom.store.inner.base import Row

_ROWS_A_STATEMENT = 2_000


class PostgresStates:
    """States in one database.

    Args:
        options: Feast's options of its PostgreSQL store: host, port, database, user, password and so on.
        project: Feast's project.
    """

    def __init__(self, options: Mapping[str, Any], project: str) -> None:
        from feast.infra.utils.postgres.postgres_config import PostgreSQLConfig

        self._config = PostgreSQLConfig(**{name: value for name, value in options.items() if name != "type"})
        self._where = f"PostgreSQL at {self._config.host}:{self._config.port}"
        self._project = project
        self._local = threading.local()

    def read(self, asked: Sequence[tuple[str, Sequence[bytes]]]) -> list[list[bytes | None]]:
        """Read keys of several views by one pipeline."""
        from psycopg.errors import UndefinedTable

        try:
            with self._connection() as connection, connection.pipeline():
                cursors = [
                    connection.execute(
                        f"SELECT key, body FROM {self._table(view)} WHERE key = ANY(%s)", [list(keys)], binary=True
                    )
                    for view, keys in asked
                ]
                found = [dict(cursor.fetchall()) for cursor in cursors]
        except UndefinedTable:
            # A view that nothing was ever written for has no table yet. Its turn comes once, so it is made here.
            for view, _ in asked:
                self._create(view)
            return self.read(asked)
        return [[found[place].get(key) or None for key in keys] for place, (_, keys) in enumerate(asked)]

    def write(self, view: str, rows: Sequence[Row]) -> None:
        """Write what is newer, in the order of keys, so that two writers wait for each other and never deadlock."""
        table = self._table(view)
        self._create(view)
        ordered = sorted(rows)
        with self._connection() as connection:
            for start in range(0, len(ordered), _ROWS_A_STATEMENT):
                columns = [list(column) for column in zip(*ordered[start : start + _ROWS_A_STATEMENT], strict=True)]
                connection.execute(
                    f"INSERT INTO {table} SELECT * FROM unnest(%s::bytea[], %s::bigint[], %s::bigint[], %s::bytea[])"
                    " ON CONFLICT (key) DO UPDATE SET version = excluded.version, revision = excluded.revision,"
                    " body = excluded.body"
                    f" WHERE (excluded.version, excluded.revision) > ({table}.version, {table}.revision)",
                    columns,
                    binary=True,
                )

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

    def close(self) -> None:
        """Close this thread's connection."""
        connection = self._local.__dict__.pop("connection", None)
        if connection is not None:
            connection.close()

    def _create(self, view: str) -> None:
        from psycopg.errors import DuplicateTable, UniqueViolation

        try:
            with self._connection() as connection:
                connection.execute(
                    f"CREATE TABLE IF NOT EXISTS {self._table(view)} (key bytea PRIMARY KEY, version bigint NOT NULL,"
                    " revision bigint NOT NULL, body bytea NOT NULL)"
                )
        except (DuplicateTable, UniqueViolation):
            return  # Another writer made it in this very moment.

    def _table(self, view: str) -> str:
        return f'"riskloom_{self._project}_{view}"'

    @contextmanager
    def _connection(self) -> Iterator[Connection[Any]]:
        import psycopg
        from feast.infra.utils.postgres.connection_utils import _get_conn

        passed = (psycopg.errors.UndefinedTable, psycopg.errors.DuplicateTable, psycopg.errors.UniqueViolation)
        try:
            connection = self._local.__dict__.get("connection")
            if connection is None or connection.closed or connection.broken:
                connection = self._local.connection = _get_conn(self._config)
                connection.autocommit = True
            yield connection
        except passed:
            raise
        except psycopg.Error as error:
            self.close()
            raise StoreError.unreachable(self._where, str(error).strip()) from error
