"""Online evaluation of packed states: features of entities at one instant, with a status each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskloom.store.evaluate import (
    BEFORE_STATE,
    NOT_FOUND,
    NULL,
    OUTSIDE_MAX_AGE,
    PRESENT,
    SATURATED,
    Answer,
    Row,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskloom.store.evaluate import Plan
    from riskloom.store.state import Mark


def evaluate(
    plan: Plan, mark: Mark | None, states: Sequence[bytes | None], at: int | None, names: Sequence[str]
) -> Answer:
    """Give features of entities at an instant.

    Args:
        plan: The view, which is packable.
        mark: Its mark; None where nothing is materialized.
        states: One state an entity; None where it has none.
        at: Microseconds since the epoch.
        names: Features wanted.

    Returns:
        Rows in the order of the states. What a state can't answer is null and says why.

    Raises:
        StoreError: A state is damaged, or was written under another declaration.
    """
    if mark is None or at is None or at < mark.watermark:
        row = Row((None,) * len(names), (BEFORE_STATE,) * len(names))
        return Answer(at, mark.watermark if mark else None, [row] * len(states))
    reader = plan.reader(tuple(names))
    edges, oldest = reader.edges(at), mark.watermark - plan.view.reach
    stale = plan.max_staleness is not None and at - mark.watermark > plan.max_staleness
    missing = Row(tuple(plan.features[name].default for name in names), (NOT_FOUND,) * len(names))
    unknown = Row((None,) * len(names), (SATURATED,) * len(names))
    rows = []
    for data in states:
        head = None if data is None else reader.head(data)
        if data is None or head is None or head.newest < oldest:
            rows.append(missing)
        elif at < head.cut:
            # More events than the state may keep as they are come after the instant: it can't leave them out.
            rows.append(unknown)
        else:
            values = reader.values(data, head, at, edges)
            statuses = [OUTSIDE_MAX_AGE if stale else NULL if value is None else PRESENT for value in values]
            rows.append(Row(tuple(values), tuple(statuses)))
    return Answer(at, mark.watermark, rows)
