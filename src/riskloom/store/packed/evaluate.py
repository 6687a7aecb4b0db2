"""Online evaluation of packed states: features of entities at one instant, with a status each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskloom.store.evaluate import (
    NOT_FOUND,
    OUTSIDE_MAX_AGE,
    SATURATED,
    Answer,
    Row,
    before_state,
)
from riskloom.store.inner.base import Held
from riskloom.store.packed.head import CUT, NEWEST
from riskloom.store.recent import EXPIRY, Recent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from riskloom.store.evaluate import Plan
    from riskloom.store.inner.base import Found
    from riskloom.store.packed.read import Reader
    from riskloom.store.state import Mark


def evaluate(plan: Plan, mark: Mark | None, states: Sequence[Found], at: int | None, names: Sequence[str]) -> Answer:
    """Give features of entities at an instant.

    Args:
        plan: The view, which is packable.
        mark: Its mark; None where nothing is materialized.
        states: What the store has for each entity; None where it has nothing.
        at: Microseconds since the epoch.
        names: Features wanted.

    Returns:
        Rows in the order of the states. What a state can't answer is null and says why.

    Raises:
        StoreError: A state is damaged, or was written under another declaration.
    """
    if mark is None or at is None or at < mark.watermark:
        return before_state(mark, at, len(states), len(names))
    reader = plan.reader(tuple(names))
    edges, oldest = reader.edges(at), mark.watermark - plan.reach
    stale_statuses = (OUTSIDE_MAX_AGE,) * len(names) if plan.stale(mark, at) else None
    rows = []
    for data in states:
        if isinstance(data, Held):
            rows.append(_with_pushed(plan, mark, reader, data, at, stale_statuses))
            continue
        head = None if data is None else reader.head(data)
        if data is None or head is None or head[NEWEST] < oldest:
            rows.append(Row(reader.missing, (NOT_FOUND,) * len(names)))
        elif at < head[CUT]:
            # More events than the state may keep as they are come after the instant: it can't leave them out.
            rows.append(Row((None,) * len(names), (SATURATED,) * len(names)))
        else:
            rows.append(row_of(*reader.values(data, head, at, edges), None, stale_statuses))
    return Answer(at, mark.watermark, rows, mark)


def _with_pushed(plan: Plan, mark: Mark, reader: Reader, held: Held, at: int, stale: Sequence[str] | None) -> Row:
    """Give the features of an entity of which something was pushed."""
    size = len(reader.missing)
    recent = Recent.decode(plan.view.name, held.recent)
    since = mark.watermark - EXPIRY
    pushed = [event for event in plan.pushed.of(recent.records) if event.known_ts <= at and event.event_ts >= since]
    body, head = held.body, reader.head(held.body) if held.body else None
    if head is None or head[NEWEST] < mark.watermark - plan.reach:
        if not pushed and not recent.saturates(mark.watermark - plan.reach, at):
            return Row(reader.missing, (NOT_FOUND,) * size)
        body, head = reader.empty, reader.head(reader.empty)
    if at < head[CUT]:
        return Row((None,) * size, (SATURATED,) * size)
    full = [recent.saturates(start, at) for start in reader.starts(at)] if recent.refused else None
    return row_of(*reader.values(body, head, at, reader.edges(at), pushed), full, stale)


def row_of(
    values: Sequence[Any], lacking: Sequence[bool] | None, full: Sequence[bool] | None, stale: Sequence[str] | None
) -> Row:
    """Give values with their statuses: those that lack something are null.

    Args:
        values: Values.
        lacking: Which are past a bound of their state; None for none.
        full: Which lack a pushed event that found no room; None for none.
        stale: Statuses of all, where the view is stale.
    """
    if lacking is None and full is None:
        return Row(values, stale)
    none = (False,) * len(values)
    lacks = [one or other for one, other in zip(lacking or none, full or none, strict=True)]
    values = [None if lack else value for value, lack in zip(values, lacks, strict=True)]
    statuses = Row(values, stale).statuses
    return Row(values, [SATURATED if lack else status for status, lack in zip(statuses, lacks, strict=True)])
