"""The value of a view's features at each row of a spine, from its gold table, without a JVM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from riskloom.errors import SpineError, StoreError
from riskloom.lake import tables
from riskloom.lake.bucketed.read import read
from riskloom.store.keyed import as_tokens
from riskloom.store.spine import AT
from riskloom.windows import compute
from riskloom.windows.tables import ARROW, EVENT_TIMES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from riskloom.declare import Feature, FeatureView, TableColumn

EVENT_ID = "event_id"
EVENT_TS, AVAILABLE_TS = EVENT_TIMES


def event_columns(view: FeatureView) -> tuple[str, ...]:
    """Name the columns of a gold table that a view's evaluation reads."""
    return (*view.event_columns, EVENT_ID, EVENT_TS, AVAILABLE_TS)


def read_events(
    view: FeatureView,
    path: Path,
    since: int | None,
    until: int | None,
    version: int | None = None,
    keys: pa.Table | None = None,
    buckets: Collection[str] | None = None,
) -> pa.Table:
    """Read a view's events in ``[since, until)``.

    Args:
        view: The view.
        path: Its gold table.
        since: Microseconds since the epoch; None for no bound.
        until: Microseconds since the epoch; None for no bound.
        version: Version of the table; None for the newest.
        keys: The view's partition keys, of the entities wanted; None for all. Events of others may come too.
        buckets: Names of the table's buckets to read; None for all.

    Raises:
        StoreError: There is no table.
    """
    if not tables.exists(path):
        raise StoreError.no_table(view.name, path)
    columns = event_columns(view)
    return read(path, columns, time=EVENT_TS, since=since, until=until, keys=keys, buckets=buckets, version=version)


def values(
    view: FeatureView,
    path: Path,
    spine: pa.Table,
    features: Sequence[str] | None = None,
    version: int | None = None,
) -> pa.Table:
    """Give the features of a view at each row of a spine.

    Args:
        view: The view.
        path: Its gold table.
        spine: The view's key columns, and ``at``.
        features: Names of the features wanted; None for all.
        version: Version of the table; None for the newest.

    Returns:
        One row a spine row, in its order; one column a feature.

    Raises:
        StoreError: There is no table.
    """
    if spine.num_rows == 0:
        wanted = {feature.name: ARROW[feature.dtype] for feature in view.features}
        chosen = view.feature_names if features is None else features
        return pa.table({name: pa.array([], wanted[name]) for name in chosen})
    spine = as_tokens(view, path, spine, version)
    span = pc.min_max(spine.column(AT).cast(pa.int64())).as_py()
    keys = spine.select(list(view.partition_keys))
    events = read_events(view, path, span["min"] - view.reach, span["max"], version, keys)
    return compute(view, events, spine, features)


def append_features(spine: pa.Table, columns: Mapping[str, pa.ChunkedArray]) -> pa.Table:
    """Put features beside a spine's own columns.

    Raises:
        SpineError: The spine has a column of that name.
    """
    for name, column in columns.items():
        if name in spine.column_names:
            raise SpineError.taken(name)
        spine = spine.append_column(name, column)
    return spine


def to_pandas(table: pa.Table, features: Mapping[str, Feature | TableColumn]) -> pd.DataFrame:
    """Turn a training set into a pandas frame of which no integer is rounded.

    Args:
        table: The spine's columns and the features.
        features: The features by column. One that may be null is ``Int64`` or ``boolean``, whatever the data.
    """
    import pandas as pd

    exact = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    frame: pd.DataFrame = table.to_pandas()
    for name, feature in features.items():
        if feature.default is None and ARROW[feature.dtype] in exact:
            frame[name] = table.column(name).to_pandas(types_mapper=exact.get)
    return frame
