"""Online evaluation: the features of entities at one instant, from their states, with a status each."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from riskloom.errors import SumOverflowError
from riskloom.intervals import available, parse_duration
from riskloom.store.inner.base import KeyCodec
from riskloom.store.keyed import token_keys
from riskloom.store.packed.pushed import PushedEvents
from riskloom.store.packed.read import Reader
from riskloom.store.packed.read_sides import SidesReader
from riskloom.store.packed.shape import Shape, packable
from riskloom.store.packed.sides import Side, sides_of
from riskloom.store.recent import EXPIRY, Record, events_of
from riskloom.store.spine import AT
from riskloom.store.state import NEVER, State, fingerprint, schema
from riskloom.windows import compute
from riskloom.windows.tables import ARROW, INSTANT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from riskloom.declare import Feature, FeatureView
    from riskloom.store.recent import Recent
    from riskloom.store.state import Mark

PRESENT = "present"
NULL = "null"
NOT_FOUND = "not_found"
OUTSIDE_MAX_AGE = "outside_max_age"
SATURATED = "saturated"
BEFORE_STATE = "before_state"
UPDATING = "updating"
# What stands for a sum that leaves int64.
OVERFLOW = object()


class Plan:
    """A view as the online store reads it, worked out once.

    Attributes:
        view: The view.
        declaration: Its fingerprint.
        schema: Columns of its states.
        features: Its features by name.
        max_staleness: Microseconds that its watermark may lie before the instant of a read; None for no limit.
        packed: Whether its states are packed; else they are the events themselves.
        codec: Writes the keys of its states: those of its entities, or the part of them that all entities share whose
            events one value reads.
        sided: Whether its packed states have sides: it leaves its own party out of something.
        encode: Writes the key of the state that holds the events of an entity.
        delayed: Whether a window of it has a delay.
        tokened: Whether a key column holds tokens.
        places: Places of those among the entity's key columns.
        hold: Microseconds before a state's cut from which on an event may be pushed.
        reach: Microseconds before an instant from which an event may still count.
    """

    def __init__(self, view: FeatureView) -> None:
        self.view = view
        self.declaration = fingerprint(view)
        self.schema = schema(view)
        self.features = {feature.name: feature for feature in view.features}
        self.max_staleness = None if view.max_staleness is None else parse_duration(view.max_staleness)
        self.packed = packable(view)
        self.sided = self.packed and any(feature.of_others for feature in view.features)
        columns = view.entity.key_columns
        self.places = [columns.index(name) for name in view.partition_keys]
        self.codec = KeyCodec([view.entity.keys[place] for place in self.places])
        whole = len(self.places) == len(columns)
        self.encode: Callable[[Sequence[Any]], bytes] = self.codec.encode if whole else self._encode_part
        self.tokened = bool(token_keys(view))
        self.delayed = any(leaf.window.delay for feature in view.features for leaf in feature.leaves)
        self.reach = view.reach
        self.hold = min(parse_duration(view.hold), self.reach)
        self._readers: dict[tuple[str, ...], Reader] = {}
        self._sides_readers: dict[tuple[str, ...], SidesReader] = {}

    @cached_property
    def shape(self) -> Shape:
        """Layout of its packed states."""
        return Shape(self.view)

    @cached_property
    def sides(self) -> tuple[Side, ...]:
        """The sides of its packed states."""
        return sides_of(self.view)

    @cached_property
    def pushed(self) -> PushedEvents:
        """Pushed events as its packed states read them."""
        return PushedEvents(self.view, self.shape)

    def stale(self, mark: Mark, at: int) -> bool:
        """Say whether the view is further behind an instant than it may be."""
        return self.max_staleness is not None and at - mark.watermark > self.max_staleness

    def _encode_part(self, key: Sequence[Any]) -> bytes:
        return self.codec.encode([key[place] for place in self.places])

    def reader(self, names: tuple[str, ...]) -> Reader:
        """Give what reads features off packed states, made once."""
        reader = self._readers.get(names)
        if reader is None:
            features = [self.features[name] for name in names]
            reader = self._readers[names] = Reader(self.view.name, self.declaration, self.shape, features)
        return reader

    def sides_reader(self, names: tuple[str, ...]) -> SidesReader:
        """Give what reads features off states with sides, made once."""
        reader = self._sides_readers.get(names)
        if reader is None:
            features = [self.features[name] for name in names]
            reader = self._sides_readers[names] = SidesReader(self.view, self.declaration, self.sides, features)
        return reader


class Row:
    """The features of one entity, in the order asked for.

    Args:
        values: Values.
        statuses: Their statuses; None where each is present, or null as its value is. They are put together only
            where somebody asks for them.

    Attributes:
        values: Values.
    """

    __slots__ = ("_statuses", "values")

    def __init__(self, values: Sequence[Any], statuses: Sequence[str] | None) -> None:
        self.values, self._statuses = values, statuses

    @property
    def statuses(self) -> Sequence[str]:
        """Statuses of the values."""
        if self._statuses is None:
            self._statuses = [NULL if value is None else PRESENT for value in self.values]
        return self._statuses


class Answer(NamedTuple):
    """The features of several entities of one view.

    Attributes:
        at: Instant of the read, microseconds since the epoch; None where the view's watermark is the clock and it
            has none yet.
        watermark: Microseconds since the epoch up to which the view's source is complete; None where nothing is
            materialized.
        rows: One an entity.
        mark: How far the view had come; None where nothing was materialized.
    """

    at: int | None
    watermark: int | None
    rows: list[Row]
    mark: Mark | None = None


def before_state(mark: Mark | None, at: int | None, entities: int, features: int) -> Answer:
    """Answer a read at an instant that no state can speak of: nothing is materialized, or only what came later."""
    row = Row((None,) * features, (BEFORE_STATE,) * features)
    return Answer(at, mark.watermark if mark else None, [row] * entities, mark)


def evaluate(
    plan: Plan,
    mark: Mark | None,
    keys: Sequence[tuple[Any, ...]],
    states: Sequence[State | None],
    at: int | None,
    names: Sequence[str],
) -> Answer:
    """Give features of entities at an instant.

    Args:
        plan: The view.
        mark: Its mark; None where nothing is materialized.
        keys: One tuple of key values an entity.
        states: One state an entity; None where it has none.
        at: Microseconds since the epoch.
        names: Features wanted.

    Returns:
        Rows in the order of the keys. What the states can't answer is null and says why.
    """
    features = [plan.features[name] for name in names]
    if mark is None or at is None or at < mark.watermark:
        return before_state(mark, at, len(keys), len(names))
    starts, stale = [feature.start(at) for feature in features], plan.stale(mark, at)
    found = [(key, state) for key, state in zip(keys, states, strict=True) if state is not None]
    computed = iter(_compute(plan, found, at, names))
    rows = [
        _missing(features) if state is None else _row(next(computed), state, starts, at, stale=stale)
        for state in states
    ]
    return Answer(at, mark.watermark, rows, mark)


def _compute(
    plan: Plan, found: list[tuple[tuple[Any, ...], State]], at: int, names: Sequence[str]
) -> list[tuple[Any, ...]]:
    if not found:
        return []
    types = [(column, ARROW[dtype]) for column, dtype in plan.view.entity.keys]
    keys = {column: pa.array([key[i] for key, _ in found], dtype) for i, (column, dtype) in enumerate(types)}
    spine = pa.table({**keys, AT: pa.array([at] * len(found), pa.int64()).cast(INSTANT)})
    # Entities whose events are in one and the same state share them.
    owners = {tuple(key[place] for place in plan.places): (i, state) for i, (key, state) in enumerate(found)}
    events = pa.Table.from_batches([state.events for _, state in owners.values()], plan.schema)
    sizes = [state.events.num_rows for _, state in owners.values()]
    places = pa.array(np.repeat([i for i, _ in owners.values()], sizes))
    shared = {name: keys[name].take(places) for name in plan.view.partition_keys}
    owned = pa.table({**shared, **_columns(events)})
    try:
        values = compute(plan.view, owned, spine, names)
    except SumOverflowError:
        return [_of_one(plan, owned, spine.slice(place, 1), names) for place in range(len(found))]
    return list(zip(*(column.to_pylist() for column in values.columns), strict=True))


def _of_one(plan: Plan, events: pa.Table, spine: pa.Table, names: Sequence[str]) -> tuple[Any, ...]:
    """Give the features of one entity, each by itself: a sum that leaves int64 is nothing to the others."""
    found: list[Any] = []
    for name in names:
        try:
            found.append(compute(plan.view, events, spine, [name]).column(0)[0].as_py())
        except SumOverflowError:
            found.append(OVERFLOW)
    return tuple(found)


def with_pushed(plan: Plan, mark: Mark, state: State | None, recent: Recent, at: int) -> State | None:
    """Put pushed events that are seen at an instant beside those of a state; None where there are neither."""
    since = mark.watermark - EXPIRY
    records = [
        record
        for record in map(Record.decode, recent.records)
        if since <= record.event_ts < at and available(record.available_ts, at)
    ]
    if state is None and not records and not recent.saturates(mark.watermark - plan.reach, at):
        return None
    events = events_of(plan.view, records).select(plan.schema.names).to_batches()
    if state is None:
        nothing = pa.RecordBatch.from_pylist([], plan.schema)
        state = State(generation=0, since=NEVER, truncated_before=NEVER, newest=NEVER, events=nothing)
    return replace(state, events=pa.concat_batches([state.events, *events]), recent=recent)


def _columns(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    return dict(zip(table.column_names, table.columns, strict=True))


def _missing(features: list[Feature]) -> Row:
    return Row(tuple(feature.default for feature in features), (NOT_FOUND,) * len(features))


def _row(values: tuple[Any, ...], state: State, starts: list[int], at: int, *, stale: bool) -> Row:
    statuses = [_status(value, start, state, at, stale=stale) for value, start in zip(values, starts, strict=True)]
    known = (
        None if status in (SATURATED, BEFORE_STATE) else value for value, status in zip(values, statuses, strict=True)
    )
    return Row(tuple(known), tuple(statuses))


def _status(value: Any, start: int, state: State, at: int, *, stale: bool) -> str:  # noqa: ANN401 - a feature's value
    if start < state.since:
        return BEFORE_STATE
    if value is OVERFLOW:
        return SATURATED
    if state.truncated_before != NEVER and start < state.truncated_before:
        return SATURATED
    if state.recent is not None and state.recent.saturates(start, at):
        return SATURATED
    if stale:
        return OUTSIDE_MAX_AGE
    return NULL if value is None else PRESENT
