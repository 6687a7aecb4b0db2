"""Online evaluation of states with sides: features of entities at one instant, their own and without their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskloom.store.evaluate import NOT_FOUND, OUTSIDE_MAX_AGE, SATURATED, Answer, Row, before_state
from riskloom.store.inner.base import Held
from riskloom.store.packed.evaluate import row_of
from riskloom.store.recent import EXPIRY, Recent, Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskloom.store.evaluate import Plan
    from riskloom.store.inner.base import Found
    from riskloom.store.packed.read_sides import SidesReader
    from riskloom.store.state import Mark

    Key = tuple[Any, ...]


def evaluate(
    plan: Plan, mark: Mark | None, keys: Sequence[Key], states: Sequence[Found], at: int | None, names: Sequence[str]
) -> Answer:
    """Give features of entities at an instant; see ``riskloom.store.packed.evaluate.evaluate``.

    Args:
        plan: The view, which leaves its own party out.
        mark: Its mark; None where nothing is materialized.
        keys: One tuple of key values an entity.
        states: What the store has for each one's wider entity.
        at: Microseconds since the epoch.
        names: Features wanted.
    """
    if mark is None or at is None or at < mark.watermark:
        return before_state(mark, at, len(states), len(names))
    reader = plan.sides_reader(tuple(names))
    stale_statuses = (OUTSIDE_MAX_AGE,) * len(names) if plan.stale(mark, at) else None
    rows = [_row(plan, mark, reader, key, state, at, stale_statuses) for key, state in zip(keys, states, strict=True)]
    return Answer(at, mark.watermark, rows, mark)


def _row(
    plan: Plan, mark: Mark, reader: SidesReader, key: Key, state: Found, at: int, stale: Sequence[str] | None
) -> Row:
    size, oldest = len(reader.missing), mark.watermark - plan.reach
    recent = Recent.decode(plan.view.name, state.recent) if isinstance(state, Held) else Recent()
    body = state.body if isinstance(state, Held) else state
    directory = reader.open(body) if body else None
    if directory is not None and directory.newest < oldest:
        directory = None
    records = [record for record in recent.records if _counts(record, mark.watermark - EXPIRY, at)]
    if directory is None and not records and not recent.saturates(oldest, at):
        return Row(reader.missing, (NOT_FOUND,) * size)
    found = reader.values(directory, key, at, records)
    if found is None:
        return Row((None,) * size, (SATURATED,) * size)
    full = [recent.saturates(start, at) for start in reader.starts(at)] if recent.refused else None
    return row_of(*found, full, stale)


def _counts(record: bytes, since: int, at: int) -> bool:
    event = Record.decode(record)
    return since <= event.event_ts < at and event.available_ts <= at
