"""Feast's own feature views over Delta tables of ours: retrieval, pulls and appends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from feast.feature_view import DUMMY_ENTITY_ID, DUMMY_ENTITY_VAL

from riskloom.declare import TableColumn
from riskloom.errors import SpineError, StoreError
from riskloom.intervals import to_micros
from riskloom.lake import tables
from riskloom.store import spine
from riskloom.store.compile import TAG
from riskloom.store.lookup import Lookup
from riskloom.store.retrieval import ViewPart
from riskloom.store.spine import AT
from riskloom.store.values import DTYPES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from feast import FeatureView, RepoConfig

    from riskloom.store.table_source import DeltaTableSource


def part(
    config: RepoConfig,
    view: FeatureView,
    source: DeltaTableSource,
    outputs: Mapping[str, str],
    asked: tuple[pa.Table, str],
    *,
    by_created: bool,
) -> ViewPart:
    """Give a plain view's part of a retrieval.

    Args:
        config: The repository's configuration.
        view: The view.
        source: Its source.
        outputs: Features by output column.
        asked: The spine, and its column of instants.
        by_created: Leave out rows that were created after the instant.
    """
    rows, time = asked
    keys = [key for key in view.join_keys if key != DUMMY_ENTITY_ID]
    declared = {field.name: DTYPES.get(field.dtype) for field in view.features} if TAG in view.tags else {}
    lookup = Lookup(
        view=view.name,
        path=source.path(config),
        version=source.version,
        keys={source.column_of(key): None for key in keys},
        timestamp=source.column_of(source.timestamp_field),
        created=source.column_of(source.created_timestamp_column) if source.created_timestamp_column else None,
        ttl=round(view.ttl.total_seconds() * 1_000_000) if view.ttl else None,
        columns={source.column_of(name): declared.get(name) for name in outputs.values()},
        by_created=by_created and bool(source.created_timestamp_column),
        parquet=source.parquet,
    )
    named = {source.column_of(key): view.projection.join_key_map.get(key, key) for key in keys}
    wanted = _asked(rows, view.name, named, time)
    features = {output: TableColumn(name, kind) for output, name in outputs.items() if (kind := declared.get(name))}
    return ViewPart(partial(_values, lookup, wanted, {o: source.column_of(n) for o, n in outputs.items()}), features)


def _values(lookup: Lookup, asked: pa.Table, outputs: Mapping[str, str]) -> dict[str, pa.ChunkedArray]:
    found = lookup.values(asked)
    return {output: found.column(column) for output, column in outputs.items()}


def _asked(rows: pa.Table, view: str, keys: Mapping[str, str], time: str) -> pa.Table:
    """Select keys by the table's names for them, and instants."""
    for name in keys.values():
        if name not in rows.column_names:
            raise SpineError.missing_key(view, name, rows.column_names)
    columns = {column: rows.column(name) for column, name in keys.items()}
    return pa.table({**columns, AT: spine.instants(rows, time)})


@dataclass(frozen=True)
class Pull:
    """The rows of a source between two instants.

    Attributes:
        source: The source.
        path: Its table.
        keys: Join keys; none for a view of no entity.
        features: Features wanted; none for all columns.
        times: Event time, and created time or None.
        span: First and last instant, both included; None for no bound.
    """

    source: DeltaTableSource
    path: Path
    keys: tuple[str, ...]
    features: tuple[str, ...]
    times: tuple[str, str | None]
    span: tuple[datetime | None, datetime | None]

    def all(self) -> pa.Table:
        """Give all rows, by Feast's names."""
        kept = [key for key in self.keys if key != DUMMY_ENTITY_ID]
        lookup = Lookup(
            view=self.source.name,
            path=self.path,
            version=self.source.version,
            keys=dict.fromkeys(kept),
            timestamp=self.times[0],
            created=self.times[1],
            ttl=None,
            columns=dict.fromkeys(self.features),
            parquet=self.source.parquet,
        )
        if not self.features:
            lookup = replace(lookup, columns=dict.fromkeys(lookup.dataset().schema.names))
        since, until = (None if bound is None else _micros(bound) for bound in self.span)
        rows = lookup.typed(lookup.rows(since, until))
        if kept:
            return rows
        return rows.append_column(DUMMY_ENTITY_ID, pa.array([DUMMY_ENTITY_VAL] * rows.num_rows, pa.string()))

    def latest(self) -> pa.Table:
        """Give the latest row of each key, ties settled by created time."""
        rows = self.all()
        place = pa.array(np.arange(rows.num_rows))
        order = [(time, "ascending") for time in self.times if time]
        sorted_ = rows.append_column("__place", place).sort_by([*order, ("__place", "ascending")])
        places = sorted_.set_column(sorted_.num_columns - 1, "__place", place)
        keys = list(self.keys) or [DUMMY_ENTITY_ID]
        last = places.select([*keys, "__place"]).group_by(keys, use_threads=False).aggregate([("__place", "max")])
        return sorted_.drop_columns(["__place"]).take(last.column("__place_max"))


def as_the_table(view: str, rows: pa.Table, path: Path) -> pa.Table:
    """Give rows the columns of a table, in their order and types.

    Raises:
        StoreError: A column is missing or of another type.
    """
    there = tables.schema(path)
    for name in there.names:
        if name not in rows.column_names:
            raise StoreError.no_column(view, "of rows to write", name, rows.column_names)
    for name in rows.column_names:
        if name not in there.names:
            raise StoreError.no_column(view, path, name, there.names)
    try:
        return rows.select(there.names).cast(there)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise StoreError.other_type(f"view {view!r}: rows to write do not fit {path}: {error}") from error


def _micros(bound: datetime) -> int:
    return to_micros(bound if bound.tzinfo else bound.replace(tzinfo=UTC))
