"""What a batch does with the recent parts that it meets: it takes out what it has itself, and what has expired."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from riskloom.errors import StoreError
from riskloom.store.inner.base import Held, Row, Swap
from riskloom.store.push import id_of
from riskloom.store.recent import EXPIRY, Recent, Record

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from riskloom.store.evaluate import Plan
    from riskloom.store.inner.base import StateStore

_LOG = logging.getLogger(__name__)
_TRIES = 100


class Absorbed(NamedTuple):
    """What a batch says of one state.

    Attributes:
        row: What it writes; None where it leaves the batch part as it is.
        ids: Ids of the events that the batch part has.
        recent: What was pushed elsewhere and belongs here as well.
    """

    row: Row | None
    ids: Collection[str]
    recent: Recent = Recent()


def absorb(states: StateStore, plan: Plan, watermark: int, wanted: Mapping[bytes, Absorbed]) -> int:
    """Write the batch parts of states that have a recent part, and prune that.

    Args:
        states: The store.
        plan: The view.
        watermark: Microseconds since the epoch up to which the source is complete.
        wanted: What the batch says, by key.

    Returns:
        How many pushed events have expired: no log has confirmed them.

    Raises:
        StoreError: The store can't be reached, or what it holds is damaged.
    """
    left, expired, name = dict(wanted), 0, plan.view.name
    for _ in range(_TRIES):
        if not left:
            break
        swaps, lost = [], []
        for (key, said), held in zip(left.items(), states.look(name, list(left)), strict=True):
            new, gone = _pruned(name, held, said, watermark, plan.reach)
            if new is not None and new != held:
                swaps.append(Swap(key, held, new))
                lost.append(gone)
        made = states.swap(name, swaps) if swaps else []
        expired += sum(gone for gone, done in zip(lost, made, strict=True) if done)
        left = {swap.key: left[swap.key] for swap, done in zip(swaps, made, strict=True) if not done}
    if left:
        raise StoreError.contended(name)
    if expired:
        _LOG.warning("view %r: %d pushed events expired, since no log has brought them", name, expired)
    return expired


def _pruned(view: str, held: Held | None, said: Absorbed, watermark: int, reach: int) -> tuple[Held | None, int]:
    """Give what shall stand there, and how many pushed events expire; nothing where what stands there is newer."""
    old = held or Held(0, 0, 0, b"", b"")
    row = said.row
    if row is not None and (row.version, row.revision) <= (old.version, old.revision):
        return None, 0
    recent = Recent.decode(view, old.recent)
    records = [
        record for record in dict.fromkeys((*recent.records, *said.recent.records)) if id_of(record) not in said.ids
    ]
    times = [Record.decode(record).event_ts for record in records]
    kept = tuple(record for record, time in zip(records, times, strict=True) if time >= watermark - min(EXPIRY, reach))
    refused = [one for one in (recent, said.recent) if one.refused and one.newest >= watermark]
    new = Recent(
        kept,
        max((one.refused for one in refused), default=0),
        min((one.oldest for one in refused), default=0),
        max((one.newest for one in refused), default=0),
    ).encode()
    expired = sum(time < watermark - EXPIRY for time in times)
    if row is None:
        changed = new != old.recent
        return (old._replace(change=old.change + 1, recent=new), expired) if changed else (None, 0)
    return Held(row.version, row.revision, 0, row.body, new), expired
