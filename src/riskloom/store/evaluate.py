"""Online evaluation: the features of entities at one instant, from their states, with a status each."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from riskloom.intervals import parse_duration
from riskloom.store.inner.base import KeyCodec
from riskloom.store.packed.read import Reader
from riskloom.store.packed.shape import Shape, packable
from riskloom.store.spine import AT
from riskloom.store.state import NEVER, fingerprint, schema
from riskloom.windows import compute
from riskloom.windows.tables import ARROW, INSTANT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskloom.declare import Feature, FeatureView
    from riskloom.store.state import Mark, State

PRESENT = "present"
NULL = "null"
NOT_FOUND = "not_found"
OUTSIDE_MAX_AGE = "outside_max_age"
SATURATED = "saturated"
BEFORE_STATE = "before_state"
UPDATING = "updating"


class Plan:
    """A view as the online store reads it, worked out once.

    Attributes:
        view: The view.
        declaration: Its fingerprint.
        schema: Columns of its states.
        features: Its features by name.
        max_staleness: Microseconds that its watermark may lie before the instant of a read; None for no limit.
        packed: Whether its states are packed; else they are the events themselves.
        codec: Writes its entity keys.
        reach: Microseconds before an instant from which an event may still count.
    """

    def __init__(self, view: FeatureView) -> None:
        self.view = view
        self.declaration = fingerprint(view)
        self.schema = schema(view)
        self.features = {feature.name: feature for feature in view.features}
        self.max_staleness = None if view.max_staleness is None else parse_duration(view.max_staleness)
        self.packed = packable(view)
        self.codec = KeyCodec(view.entity.keys)
        self.reach = view.reach
        self._readers: dict[tuple[str, ...], Reader] = {}

    @cached_property
    def shape(self) -> Shape:
        """Layout of its packed states."""
        return Shape(self.view)

    def reader(self, names: tuple[str, ...]) -> Reader:
        """Give what reads features off packed states, made once."""
        reader = self._readers.get(names)
        if reader is None:
            features = [self.features[name] for name in names]
            reader = self._readers[names] = Reader(self.view.name, self.declaration, self.shape, features)
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
    """

    at: int | None
    watermark: int | None
    rows: list[Row]


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
        row = Row((None,) * len(features), (BEFORE_STATE,) * len(features))
        return Answer(at, mark.watermark if mark else None, [row] * len(keys))
    starts = [min(leaf.window.start(at) for leaf in feature.leaves) for feature in features]
    stale = plan.max_staleness is not None and at - mark.watermark > plan.max_staleness
    found = [(key, state) for key, state in zip(keys, states, strict=True) if state is not None]
    computed = iter(_compute(plan, found, at, names))
    rows = [
        _missing(features) if state is None else _row(next(computed), state, starts, stale=stale) for state in states
    ]
    return Answer(at, mark.watermark, [_without_others(features, row) for row in rows])


def _without_others(features: list[Feature], row: Row) -> Row:
    """Withhold what reads the events of other entities: a state holds its own entity's alone."""
    if not any(feature.of_others for feature in features):
        return row
    values = tuple(None if feature.of_others else value for feature, value in zip(features, row.values, strict=True))
    statuses = tuple(
        UPDATING if feature.of_others else status for feature, status in zip(features, row.statuses, strict=True)
    )
    return Row(values, statuses)


def _compute(
    plan: Plan, found: list[tuple[tuple[Any, ...], State]], at: int, names: Sequence[str]
) -> list[tuple[Any, ...]]:
    if not found:
        return []
    types = [(column, ARROW[dtype]) for column, dtype in plan.view.entity.keys]
    keys = {column: pa.array([key[i] for key, _ in found], dtype) for i, (column, dtype) in enumerate(types)}
    spine = pa.table({**keys, AT: pa.array([at] * len(found), pa.int64()).cast(INSTANT)})
    events = pa.Table.from_batches([state.events for _, state in found], plan.schema)
    owners = pa.array(np.repeat(np.arange(len(found)), [state.events.num_rows for _, state in found]))
    owned = pa.table({**{name: values.take(owners) for name, values in keys.items()}, **_columns(events)})
    values = compute(plan.view, owned, spine, names)
    return list(zip(*(column.to_pylist() for column in values.columns), strict=True))


def _columns(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    return dict(zip(table.column_names, table.columns, strict=True))


def _missing(features: list[Feature]) -> Row:
    return Row(tuple(feature.default for feature in features), (NOT_FOUND,) * len(features))


def _row(values: tuple[Any, ...], state: State, starts: list[int], *, stale: bool) -> Row:
    statuses = [_status(value, start, state, stale=stale) for value, start in zip(values, starts, strict=True)]
    known = (
        None if status in (SATURATED, BEFORE_STATE) else value for value, status in zip(values, statuses, strict=True)
    )
    return Row(tuple(known), tuple(statuses))


def _status(value: Any, start: int, state: State, *, stale: bool) -> str:  # noqa: ANN401 - a feature's value
    if start < state.since:
        return BEFORE_STATE
    if state.truncated_before != NEVER and start < state.truncated_before:
        return SATURATED
    if stale:
        return OUTSIDE_MAX_AGE
    return NULL if value is None else PRESENT
