"""Tables whose latest row as of an instant is looked up: batch views, and Feast's own views over our sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyarrow import types

from riskloom.errors import StoreError, WindowError
from riskloom.lake import tables
from riskloom.store.contiguous import read_contiguous
from riskloom.store.spine import AT
from riskloom.windows import as_of, places_as_of
from riskloom.windows.tables import INSTANT, conform

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

_NOBODY = "__nobody"


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """A table, and how it is joined.

    Attributes:
        view: Whose table it is, for errors.
        path: Folder of the Delta table.
        version: Version to read; None for the newest.
        keys: Key columns of the table and their declared types; None for a type that nobody declared.
        timestamp: Column of the time from which a row counts.
        created: Column that settles ties, or None.
        ttl: Microseconds that a row is valid, the last one included; None for ever.
        columns: Columns to look up and their declared types, or None, as for keys.
        by_created: Leave out rows that were created after the instant.
        parquet: Whether the path is of Parquet files without a log.
    """

    view: str
    path: Path
    version: int | None
    keys: Mapping[str, str | None]
    timestamp: str
    created: str | None
    ttl: int | None
    columns: Mapping[str, str | None]
    by_created: bool = False
    parquet: bool = False

    @property
    def times(self) -> tuple[str, ...]:
        """Columns that hold a row's times."""
        return (self.timestamp, self.created) if self.created else (self.timestamp,)

    @property
    def read(self) -> tuple[str, ...]:
        """Columns of the table that are read: keys, times, columns."""
        return tuple(dict.fromkeys([*self.keys, *self.times, *self.columns]))

    def values(self, spine: pa.Table) -> pa.Table:
        """Look up the columns for each row of a spine.

        Args:
            spine: The key columns, and ``at``.

        Returns:
            One row a spine row, in its order; null where no row is valid.

        Raises:
            StoreError: There is no table, it lacks a column, or a column has another type.
        """
        bounds = self._near(spine)
        if self.keys and not self.by_created:
            keys = list(self.keys)
            # Opened once: both passes must see the same rows in the same order.
            there = self.dataset()
            scanner = self._scanner(there, bounds, list(dict.fromkeys([*keys, self.timestamp])))
            rows = self.typed(read_contiguous(scanner, there.count_rows()))
            rows = _with_keys_of(spine, rows, keys)
            places = places_as_of(spine, rows, keys=keys, at=AT, event_ts=self.timestamp, ttl=self.ttl)
            if places is not None:
                return self._picked(self._scanner(there, bounds, list(self.columns)), rows.num_rows, places)
        return self.join(spine, self.rows(*bounds))

    def _near(self, spine: pa.Table) -> tuple[int | None, int | None]:
        """Give between which times rows may be valid at some instant of a spine."""
        if not spine.num_rows:
            return 0, -1
        span = pc.min_max(spine.column(AT).cast(pa.int64())).as_py()
        return None if self.ttl is None else span["min"] - self.ttl, span["max"]

    def _picked(self, scanner: ds.Scanner, size: int, places: Ints) -> pa.Table:
        """Read the columns wanted batch by batch, and keep no more of them than the rows at some places."""
        wanted = np.zeros(size, np.bool_)
        wanted[places[places >= 0]] = True
        chosen, kept, begin = np.flatnonzero(wanted), [], 0
        for batch in scanner.to_batches():
            first, last = np.searchsorted(chosen, [begin, begin + batch.num_rows])
            kept.append(batch.take(pa.array(chosen[first:last] - begin)))
            begin += batch.num_rows
        rows = self.typed(pa.Table.from_batches(kept, scanner.projected_schema))
        nothing = places < 0
        rank = np.cumsum(wanted, dtype=np.int64) - 1 if size else np.zeros(1, np.int64)
        return rows.take(pa.array(rank[np.maximum(places, 0)], mask=nothing))

    def rows(self, since: int | None, until: int | None) -> pa.Table:
        """Read the table's rows with times in ``[since, until]``.

        Args:
            since: Microseconds since the epoch; None for no bound.
            until: Microseconds since the epoch; None for no bound.

        Raises:
            StoreError: There is no table, it lacks a column, or its time column holds no times.
        """
        return self._scanner(self.dataset(), (since, until), self.read).to_table()

    def _scanner(self, there: ds.Dataset, bounds: tuple[int | None, int | None], columns: Sequence[str]) -> ds.Scanner:
        for column in self.read:
            if column not in there.schema.names:
                raise StoreError.no_column(self.view, self.path, column, there.schema.names)
        kind = there.schema.field(self.timestamp).type
        if not types.is_timestamp(kind):
            raise StoreError.column_type(self.view, self.path, self.timestamp, str(kind), "timestamp")
        filters = _between(pc.field(self.timestamp), kind, *bounds)
        # Little at a time, so that its memory is used again.
        pages = ds.ParquetFragmentScanOptions(pre_buffer=False)
        return there.scanner(
            columns=list(columns),
            filter=filters,
            batch_readahead=4,
            fragment_readahead=1,
            fragment_scan_options=pages,
        )

    def dataset(self) -> ds.Dataset:
        """Open the table.

        Raises:
            StoreError: There is no table.
        """
        if self.parquet and self.path.exists():
            return ds.dataset(self.path, format="parquet")
        if self.parquet or not tables.exists(self.path):
            raise StoreError.no_batch_table(self.view, self.path)
        return tables.dataset(self.path, self.version)

    def join(self, spine: pa.Table, rows: pa.Table) -> pa.Table:
        """Join keys and instants with rows of the table.

        Raises:
            StoreError: A column has another type than declared.
        """
        keys, typed = list(self.keys), self.typed(rows)
        if not keys:
            # A view of no entity has one row at an instant, whoever asks.
            keys, typed, spine = [_NOBODY], _of_nobody(typed), _of_nobody(spine)
        return as_of(
            spine,
            _with_keys_of(spine, typed, keys),
            keys=keys,
            at=AT,
            event_ts=self.timestamp,
            created_ts=self.created,
            ttl=self.ttl,
            columns=list(self.columns),
            filter_by_created=self.by_created,
        )

    def typed(self, rows: pa.Table) -> pa.Table:
        """Give rows the declared types, and their times in microseconds of UTC.

        Raises:
            StoreError: A column has another type than declared.
        """
        for place, field in enumerate(rows.schema):
            if types.is_timestamp(field.type):
                rows = rows.set_column(place, field.name, in_micros(rows.column(place)))
        declared = {**self.keys, **self.columns, **dict.fromkeys(self.times, "timestamp")}
        wanted = {name: dtype for name, dtype in declared.items() if dtype is not None and name in rows.column_names}
        try:
            typed = conform(f"the table of view {self.view!r}", rows, wanted)
        except WindowError as error:
            raise StoreError.other_type(str(error)) from error
        for column in typed.column_names:
            rows = rows.set_column(rows.column_names.index(column), column, typed.column(column))
        return rows


def _of_nobody(table: pa.Table) -> pa.Table:
    return table.append_column(_NOBODY, pa.repeat(0, table.num_rows))


def in_micros(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give times as microseconds of UTC; a finer time is rounded down, and one without a zone is of UTC."""
    if column.type == INSTANT:
        return column
    if column.type.tz is None:
        column = column.cast(pa.timestamp(column.type.unit)).cast(pa.timestamp(column.type.unit, "UTC"))
    return (pc.floor_temporal(column, unit="microsecond") if column.type.unit == "ns" else column).cast(INSTANT)


def _between(field: pc.Expression, kind: pa.DataType, since: int | None, until: int | None) -> pc.Expression | None:
    bounds = []
    if since is not None:
        bounds.append(field >= pa.scalar(since, INSTANT).cast(kind))
    if until is not None:
        bounds.append(field <= pa.scalar(until, INSTANT).cast(kind))
    return bounds[0] & bounds[-1] if bounds else field.is_valid()


def _with_keys_of(spine: pa.Table, rows: pa.Table, keys: Sequence[str]) -> pa.Table:
    """Give the keys of rows the spine's types, where nobody declared another."""
    for key in keys:
        wanted = spine.schema.field(key).type
        if rows.schema.field(key).type != wanted:
            rows = rows.set_column(rows.column_names.index(key), key, rows.column(key).cast(wanted))
    return rows
