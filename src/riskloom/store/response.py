"""Feast's messages of an online answer: values, statuses and instants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feast.protos.feast.serving.ServingService_pb2 import FieldStatus, GetOnlineFeaturesResponse
from google.protobuf.timestamp_pb2 import Timestamp

from riskloom.errors import StoreError
from riskloom.intervals import to_datetime
from riskloom.store import evaluate
from riskloom.store.values import NULL, to_value

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from feast.protos.feast.types.Value_pb2 import Value

    from riskloom.store.evaluate import Answer, Plan

# Feast has no status for a value that cannot be known from the state: null is what it is.
_STATUSES = {
    evaluate.PRESENT: FieldStatus.PRESENT,
    evaluate.NULL: FieldStatus.NULL_VALUE,
    evaluate.NOT_FOUND: FieldStatus.NOT_FOUND,
    evaluate.OUTSIDE_MAX_AGE: FieldStatus.OUTSIDE_MAX_AGE,
    evaluate.SATURATED: FieldStatus.NULL_VALUE,
    evaluate.BEFORE_STATE: FieldStatus.NULL_VALUE,
    evaluate.UPDATING: FieldStatus.NULL_VALUE,
}


def check_keys(join_key_values: dict[str, list[Value]]) -> None:
    """Refuse a null key, of which Feast would say something else.

    Raises:
        StoreError: A key's value is null.
    """
    for key, values in join_key_values.items():
        if any(value.WhichOneof("val") is None for value in values):
            raise StoreError.null_key(key)


def plain_row(
    plan: Plan, names: Sequence[str], answer: Answer, row: evaluate.Row
) -> tuple[datetime | None, dict[str, Value] | None]:
    """Give a row as ``OnlineStore.online_read`` does; none where the entity has no state."""
    if answer.watermark is None or evaluate.NOT_FOUND in row.statuses:
        return None, None
    values = {name: to_value(value, plan.features[name].dtype) for name, value in zip(names, row.values, strict=True)}
    return to_datetime(answer.watermark), values


def fill(
    response: GetOnlineFeaturesResponse,
    prefix: str,
    plan: Plan,
    names: Sequence[str],
    answer: Answer,
    places: Sequence[Sequence[int]],
    length: int,
) -> None:
    """Add a view's features to a response.

    Args:
        response: The response.
        prefix: What goes before a feature's name.
        plan: The view.
        names: Its features, in the order of the answer's values.
        answer: A row for each entity.
        places: For each entity, its rows in the response.
        length: Rows of the response.
    """
    response.metadata.feature_names.val.extend(prefix + name for name in names)
    stamp = Timestamp()
    if answer.watermark is not None:
        stamp.FromMicroseconds(answer.watermark)
    for index, name in enumerate(names):
        dtype = plan.features[name].dtype
        values, statuses = [NULL] * length, [FieldStatus.NOT_FOUND] * length
        for row, destinations in zip(answer.rows, places, strict=True):
            for place in destinations:
                values[place] = to_value(row.values[index], dtype)
                statuses[place] = _STATUSES[row.statuses[index]]
        response.results.append(
            GetOnlineFeaturesResponse.FeatureVector(values=values, statuses=statuses, event_timestamps=[stamp] * length)
        )
