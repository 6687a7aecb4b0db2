"""Events as callers push them: checked against their source's declaration before any is stored."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from riskloom.declare.source import POSITION
from riskloom.errors import StoreError, TimeError
from riskloom.intervals import parse_duration, to_micros
from riskloom.store.online import windowed
from riskloom.store.recent import Record
from riskloom.store.sorting import EVENT_ID
from riskloom.windows.tables import EVENT_TIMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from feast import FeatureStore

    from riskloom.declare import EventSource, FeatureView
    from riskloom.store.evaluate import Plan


class Targets:
    """What can be pushed to: the windowed views of a registry, by their own names and by their sources'.

    Args:
        store: Whose registry; it is read again once its cache is old.
    """

    def __init__(self, store: FeatureStore) -> None:
        self._store, self._expires = store, 0.0
        self._known: dict[str, list[Plan]] = {}

    def find(self, name: str) -> list[Plan]:
        """Give the views that a push to a name goes to.

        Raises:
            StoreError: There are none.
        """
        now = time.monotonic()
        if now >= self._expires or name not in self._known:
            self._known = self._read()
            self._expires = now + self._store.config.registry.cache_ttl_seconds
        if name not in self._known:
            raise StoreError.no_push_target(name, self._known)
        return self._known[name]

    def _read(self) -> dict[str, list[Plan]]:
        online = self._store.provider.online_store
        plans = [online.plan_of(table) for table in self._store.list_feature_views() if windowed(table)]
        found: dict[str, list[Plan]] = {}
        for plan in plans:
            found.setdefault(plan.view.source.name, []).append(plan)
        # A source goes before a view of its name.
        return found | {plan.view.name: [plan] for plan in plans if plan.view.name not in found}


_EVENT_TS = EVENT_TIMES[0]
_INT64 = range(-(2**63), 2**63)
_KINDS: dict[str, tuple[type, ...]] = {"string": (str,), "int64": (int,), "float64": (float, int), "bool": (bool,)}
# What the log's own ids are made of; the text of other types is Spark's affair.
_NAMING = ("string", "int64", "bool")


def records_of(source: EventSource, events: Sequence[Mapping[str, Any]]) -> list[Record]:
    """Check events, and give them as they are stored.

    Args:
        source: Their source.
        events: ``event_ts`` (an aware datetime or ISO text) and the source's columns; ``event_id`` where the columns
            that name an event are not all of text, whole numbers or booleans. A column that is not given is null.

    Raises:
        StoreError: An event is not what its source declares.
    """
    if source.event_id == POSITION:
        raise StoreError.unnamed_events(source.name)
    return [_record(source, place, event) for place, event in enumerate(events)]


def check_redacted(view: FeatureView) -> None:
    """Refuse events of a view that reads free text, which extraction alone redacts.

    Raises:
        StoreError: It does.
    """
    for column in view.event_columns:
        if column in view.source.redact:
            raise StoreError.redacted_push(view.name, column)


def _record(source: EventSource, place: int, event: Mapping[str, Any]) -> Record:
    known = (*source.columns, EVENT_ID, _EVENT_TS)
    for column in event:
        if column not in known:
            raise StoreError.unknown_event_column(source.name, place, column, known)
    # Free text is kept redacted or not at all, and no view that is pushed to reads it.
    kept = {column: dtype for column, dtype in source.columns.items() if column not in source.redact}
    columns = {column: _value(source, place, column, dtype, event.get(column)) for column, dtype in kept.items()}
    event_ts = _instant(source, place, _EVENT_TS, event.get(_EVENT_TS))
    available_ts = columns[source.available] if source.available else event_ts + parse_duration(source.delay)
    if available_ts is None:
        raise StoreError.bad_event(source.name, place, f"{source.available!r} is missing")
    return Record(_event_id(source, place, event, columns), event_ts, available_ts, columns)


def _event_id(source: EventSource, place: int, event: Mapping[str, Any], columns: Mapping[str, Any]) -> str:
    """Give an event the id that the log gives it."""
    given = event.get(EVENT_ID) if EVENT_ID not in source.columns else None
    if isinstance(given, str) and given:
        return given
    values = [columns.get(column) for column in source.event_id]
    if None in values or any(source.columns[column] not in _NAMING for column in source.event_id):
        wanted = ", ".join(repr(column) for column in source.event_id)
        raise StoreError.bad_event(source.name, place, f"its id is missing: give {wanted}, or 'event_id'")
    texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    return texts[0] if len(texts) == 1 else json.dumps(texts, separators=(",", ":"), ensure_ascii=False)


def _value(source: EventSource, place: int, column: str, dtype: str, value: object) -> Any:  # noqa: ANN401 - as declared
    if value is None:
        return None
    if dtype == "timestamp":
        return _instant(source, place, column, value)
    fits = isinstance(value, _KINDS[dtype]) and isinstance(value, bool) == (dtype == "bool")
    if not fits or (dtype == "int64" and value not in _INT64):
        why = f"{column!r} is {type(value).__name__} {value!r:.60}, but {dtype} is declared"
        raise StoreError.bad_event(source.name, place, why)
    return float(value) if dtype == "float64" else value  # type: ignore[arg-type]


def _instant(source: EventSource, place: int, column: str, value: object) -> int:
    try:
        return to_micros(value, column)
    except TimeError as error:
        raise StoreError.bad_event(source.name, place, str(error)) from error
