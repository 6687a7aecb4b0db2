"""Feast's HTTP contract: what a request asks for, and what its answer looks like."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from riskloom.errors import RequestError, TimeError
from riskloom.intervals import format_instant, to_micros
from riskloom.store import evaluate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskloom.serve.options import Options
    from riskloom.store.evaluate import Answer
    from riskloom.store.requests import Request

_KNOWN = (
    "entities",
    "feature_service",
    "features",
    "full_feature_names",
    "include_feature_view_version_metadata",
    "at",
)
_PUSHED = ("push_source_name", "df", "to", "allow_registry_cache", "transform_on_write")
EVENT_TS, FEAST_TIME = "event_ts", "event_timestamp"
# Feast knows no status for a value that the state cannot tell: null is what it is.
STATUSES = {
    evaluate.PRESENT: "PRESENT",
    evaluate.NULL: "NULL_VALUE",
    evaluate.NOT_FOUND: "NOT_FOUND",
    evaluate.OUTSIDE_MAX_AGE: "OUTSIDE_MAX_AGE",
    evaluate.SATURATED: "NULL_VALUE",
    evaluate.BEFORE_STATE: "NULL_VALUE",
    evaluate.UPDATING: "NULL_VALUE",
}
_NO_TIME = format_instant(0)
_PRESENT = STATUSES[evaluate.PRESENT]


@dataclass(frozen=True, slots=True)
class Ask:
    """What a request asks for.

    Attributes:
        features: References ``view:feature``; empty where a service is named.
        service: Name of a feature service, or empty.
        full: Whether features are named ``view__feature``.
        entities: Values by key; all lists are of one length.
        at: Instant of the read in microseconds; None for what the store's clock says.
        size: How many entities there are.
    """

    features: tuple[str, ...]
    service: str
    full: bool
    entities: dict[str, list[Any]]
    at: int | None
    size: int


def read(body: bytes, at: bytes | None, options: Options) -> Ask:
    """Read a request.

    Args:
        body: JSON.
        at: Header ``x-riskloom-at``, which goes before the field.
        options: Its limits.

    Raises:
        RequestError: It is no JSON, asks for nothing, or for too much.
    """
    data = _object(body, _KNOWN)
    features, service = data.get("features") or [], data.get("feature_service") or ""
    if not isinstance(service, str) or not isinstance(features, list) or not all(type(one) is str for one in features):
        raise RequestError.shape("features is a list of texts such as 'view:feature', and feature_service a text.")
    if bool(features) == bool(service):
        raise RequestError.shape("give features or feature_service: one of the two.")
    if len(features) > options.features:
        raise RequestError.too_many("features", len(features), options.features)
    full = data.get("full_feature_names", False)
    if not isinstance(full, bool):
        raise RequestError.shape("full_feature_names is true or false.")
    entities, size = _entities(data.get("entities"), options.entities)
    instant = data.get("at") if at is None else at.decode("latin-1")
    return Ask(tuple(features), service, full, entities, None if instant is None else _instant(instant), size)


def _object(body: bytes, known: tuple[str, ...]) -> dict[str, Any]:
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError.no_json(str(error).partition(": line")[0]) from error
    if not isinstance(data, dict):
        raise RequestError.shape(f"the body is no object. Its fields are {', '.join(known)}.")
    for name in data:
        if name not in known:
            raise RequestError.shape(f"the field {name!r} is unknown. Known: {', '.join(known)}.")
    return data


def _entities(entities: Any, limit: int) -> tuple[dict[str, list[Any]], int]:  # noqa: ANN401 - JSON is any
    if not isinstance(entities, dict) or not all(isinstance(values, list) for values in entities.values()):
        raise RequestError.shape("entities is an object of lists: a value for each entity, by the name of the key.")
    sizes = {len(values) for values in entities.values()}
    if not sizes or sizes == {0}:
        raise RequestError.shape("entities holds no entity. Give one at least.")
    if len(sizes) > 1:
        raise RequestError.shape("the lists in entities differ in length. Give each entity a value for each key.")
    (size,) = sizes
    if size > limit:
        raise RequestError.too_many("entities", size, limit)
    return entities, size


def _instant(value: Any) -> int:  # noqa: ANN401 - JSON is any
    try:
        return to_micros(value, "at")
    except (TimeError, OverflowError) as error:
        raise RequestError.shape(str(error)) from error


def read_push(body: bytes, options: Options) -> tuple[str, list[dict[str, Any]]]:
    """Read events to push, in Feast's form: a list for each column.

    Args:
        body: JSON.
        options: Its limits.

    Returns:
        The source's or view's name, and the events.

    Raises:
        RequestError: It is no JSON, holds no event, or too many.
    """
    data = _object(body, _PUSHED)
    name, columns = data.get("push_source_name"), data.get("df")
    if not isinstance(name, str) or not name:
        raise RequestError.shape("push_source_name is the name of an event source or of a windowed view.")
    if data.get("to", "online") != "online":
        raise RequestError.shape("to is 'online': the durable copy of an event comes by its log.")
    if not isinstance(columns, dict) or not all(isinstance(values, list) for values in columns.values()):
        raise RequestError.shape("df is an object of lists: a value for each event, by the name of the column.")
    sizes = {len(values) for values in columns.values()}
    if len(sizes) != 1 or sizes == {0}:
        raise RequestError.shape(
            "the lists in df are empty or differ in length. Give each event a value for each column."
        )
    (size,) = sizes
    if size > options.entities:
        raise RequestError.too_many("events", size, options.entities)
    if FEAST_TIME in columns and EVENT_TS not in columns:
        columns[EVENT_TS] = columns.pop(FEAST_TIME)
    return name, [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def head(request: Request) -> bytes:
    """Write the part of the answers that is the same for all of them: the names of what they hold."""
    names = [*request.keys, *(output for part in request.parts for output in part.outputs)]
    return b'{"metadata":%b,"results":' % orjson.dumps({"feature_names": names})


def write(request: Request, begun: bytes, ask: Ask, answers: Sequence[Answer]) -> bytes:
    """Write the answer of windowed views, as Feast's server writes it.

    Args:
        request: What was resolved.
        begun: Its ``head``.
        ask: What was asked.
        answers: What was read.
    """
    size = ask.size
    present, no_times = [_PRESENT] * size, [_NO_TIME] * size
    results: list[dict[str, Any]] = [
        {"values": ask.entities[key], "statuses": present, "event_timestamps": no_times} for key in request.keys
    ]
    for part, answer in zip(request.parts, answers, strict=True):
        times = [_time(answer.watermark)] * size
        if size == 1:
            row = answer.rows[0]
            values = row.values if part.plain else map(_plain, row.values)
            results += [
                {"values": [value], "statuses": _STATUS[status], "event_timestamps": times}
                for value, status in zip(values, row.statuses, strict=True)
            ]
            continue
        columns = zip(*(row.values for row in answer.rows), strict=True)
        statuses = zip(*(row.statuses for row in answer.rows), strict=True)
        results += [
            {
                "values": column if part.plain else [_plain(value) for value in column],
                "statuses": [STATUSES[status] for status in found],
                "event_timestamps": times,
            }
            for column, found in zip(columns, statuses, strict=True)
        ]
    return b"%b%b}" % (begun, orjson.dumps(results))


_STATUS = {status: [name] for status, name in STATUSES.items()}


@lru_cache(maxsize=1024)
def _time(watermark: int | None) -> str:
    return _NO_TIME if watermark is None else format_instant(watermark)


def _plain(value: Any) -> Any:  # noqa: ANN401 - a feature's value
    """Give a value as Feast's JSON has it: lists of what is in them, instants in whole seconds."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return int(value.timestamp() // 1) if hasattr(value, "timestamp") else value
