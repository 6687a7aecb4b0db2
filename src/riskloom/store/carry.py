"""Carries what was pushed into the build that serves over into the one that takes its place, and lets it expire."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from riskloom.store.absorb import Absorbed, absorb
from riskloom.store.changed import distinct_keys, of_keys
from riskloom.store.inner.base import state_key
from riskloom.store.point_in_time import read_events
from riskloom.store.recent import Recent, Record, events_of
from riskloom.store.sorting import EVENT_ID

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from riskloom.store.evaluate import Plan
    from riskloom.store.inner.base import StateStore


def expire(states: StateStore, plan: Plan, watermark: int, slot: int) -> int:
    """Take out of a build what was pushed and no log has confirmed; see ``absorb``."""
    keys = states.pushed(plan.view.name, state_key(slot, b""))
    return absorb(states, plan, watermark, {key: Absorbed(None, ()) for key in keys})


def carry(
    states: StateStore, plan: Plan, path: Path, span: tuple[int, int, int], watermark: int, slots: tuple[int, int]
) -> None:
    """Put what was pushed into one build into another, without what that one's batch part has.

    Args:
        states: The store.
        plan: The view.
        path: Its gold table.
        span: From when to when the other build has events, microseconds since the epoch, and of which version.
        watermark: Microseconds since the epoch up to which the source is complete.
        slots: The one build, and the other.
    """
    view, (old, new) = plan.view, slots
    prefix = state_key(old, b"")
    keys = states.pushed(view.name, prefix)
    parts = {
        state_key(new, key[len(prefix) :]): Recent.decode(view.name, held.recent)
        for key, held in zip(keys, states.look(view.name, keys), strict=True)
        if held is not None
    }
    if parts:
        ids = _ids(plan, path, span, new, parts)
        wanted = {key: Absorbed(None, ids.get(key, ()), recent) for key, recent in parts.items()}
        absorb(states, plan, watermark, wanted)


def _ids(
    plan: Plan, path: Path, span: tuple[int, int, int], slot: int, parts: Mapping[bytes, Recent]
) -> dict[bytes, set[str]]:
    """Give the ids of the events that a build has of some states."""
    view, (since, until, version) = plan.view, span
    records = [Record.decode(record) for recent in parts.values() for record in recent.records]
    columns = list(view.partition_keys)
    keys = distinct_keys(events_of(view, records), columns)
    events = of_keys(read_events(view, path, since, until, version, keys), keys) if len(keys) else pa.table({})
    found: dict[bytes, set[str]] = {}
    if not events.num_rows:
        return found
    values = zip(*(events.column(name).to_pylist() for name in columns), strict=True)
    for key, event_id in zip(values, events.column(EVENT_ID).to_pylist(), strict=True):
        found.setdefault(state_key(slot, plan.codec.encode(key)), set()).add(event_id)
    return found
