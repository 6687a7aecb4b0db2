"""Plain views online: rows that Feast's own store keeps, valid for as long as their ``ttl`` says, as offline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from feast.protos.feast.serving.ServingService_pb2 import FieldStatus
from feast.protos.feast.types.Value_pb2 import Value
from feast.type_map import feast_value_type_to_python_type

from riskloom.errors import StoreError
from riskloom.intervals import SECOND, to_micros
from riskloom.store.evaluate import BEFORE_STATE, NOT_FOUND, OUTSIDE_MAX_AGE, Answer, Row
from riskloom.store.values import DTYPES, to_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from feast import FeatureView
    from feast.protos.feast.serving.ServingService_pb2 import GetOnlineFeaturesResponse
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey
    from feast.types import ComplexFeastType, PrimitiveFeastType


def lifetime(table: FeatureView) -> int | None:
    """Give how long a view's rows are valid, microseconds; None for ever, as a stored on-demand view's are."""
    ttl = getattr(table, "ttl", None)
    return round(ttl.total_seconds() * SECOND) if ttl else None


def key_columns(table: FeatureView) -> tuple[tuple[str, str], ...]:
    """Give a view's key columns and their declared types."""
    return tuple((column.name, declared(table.name, column.name, column.dtype)) for column in table.entity_columns)


def declared(view: str, column: str, kind: ComplexFeastType | PrimitiveFeastType) -> str:
    """Give the declared type that one of Feast's stands for.

    Raises:
        StoreError: It stands for none.
    """
    if kind not in DTYPES:
        raise StoreError.foreign_type(view, column, str(kind), map(str, DTYPES))
    return DTYPES[kind]


def entity_keys(table: FeatureView, keys: Sequence[tuple[Any, ...]]) -> list[EntityKey]:
    """Write keys as Feast's messages."""
    columns = key_columns(table)
    return [to_key(columns, key) for key in keys]


def answer(
    table: FeatureView,
    rows: Sequence[tuple[datetime | None, dict[str, Value] | None]],
    names: Sequence[str],
    at: int | None,
) -> Answer:
    """Give what a store's rows are worth at an instant.

    Args:
        table: The view.
        rows: What ``online_read`` gave.
        names: Features wanted.
        at: Microseconds since the epoch; None where no clock says.

    Returns:
        One row a row. One that is older than ``ttl`` or not written for this instant yet is null, and says why.
    """
    return Answer(at, None, [_row(time, values, names, at, lifetime(table)) for time, values in rows])


def _row(
    time: datetime | None, values: dict[str, Value] | None, names: Sequence[str], at: int | None, ttl: int | None
) -> Row:
    size = len(names)
    if time is None or values is None:
        return Row((None,) * size, (NOT_FOUND,) * size)
    written = _micros(time)
    if at is not None and written > at:
        return Row((None,) * size, (BEFORE_STATE,) * size)
    if at is not None and ttl is not None and written < at - ttl:
        return Row((None,) * size, (OUTSIDE_MAX_AGE,) * size)
    return Row([feast_value_type_to_python_type(values.get(name, Value())) for name in names], None)


def _micros(time: datetime) -> int:
    return to_micros(time if time.tzinfo else time.astimezone())


def enforce(response: GetOnlineFeaturesResponse, first: int, table: FeatureView, at: int | None) -> None:
    """Take back rows of a response that are older than their view's ``ttl``, or not written for this instant yet.

    Args:
        response: Feast's response.
        first: Place of the view's first feature in it.
        table: The view.
        at: Microseconds since the epoch; None where no clock says.
    """
    ttl = lifetime(table)
    if at is None:
        return
    for vector in response.results[first:]:
        for place, (status, stamp) in enumerate(zip(vector.statuses, vector.event_timestamps, strict=True)):
            written = stamp.ToMicroseconds()
            later, older = written > at, ttl is not None and written < at - ttl
            if status == FieldStatus.PRESENT and (later or older):
                vector.values[place].Clear()
                vector.statuses[place] = FieldStatus.NULL_VALUE if later else FieldStatus.OUTSIDE_MAX_AGE
