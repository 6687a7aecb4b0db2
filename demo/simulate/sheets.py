"""Sheets: the events of one source as columns of whole numbers.

Words stand as places in demo.simulate.vocabulary, entities as their numbers. Five columns are for the truth alone and
never reach a log: ``truth`` (the code of the scenario, 0 for honest), ``unit`` (1 where it is what the risk counts),
``phase``, ``ring`` and ``odd`` (the code of the risk that an honest event looks like). On a pile, events have their
``arrival`` in a log beside their time ``ts``, and their ``fate``: what happens to their line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from demo.simulate.streams import Ints
    from demo.simulate.world import World

    Arrive = Callable[[str, dict[str, Any]], tuple[Ints, Ints]]

Sheet = dict[str, Any]
HIDDEN = {"truth": 0, "unit": 0, "phase": 0, "ring": -1, "odd": 0}
COLUMNS: dict[str, dict[str, int]] = {
    "requests": {"account": -1, "ip": 0, "agent": 0, "method": 0, "page": 0, "item": -1, "query": -1, "status": 200,
                 "size": -1, "referrer": 0},
    "clicks": {"account": -1, "session": -1, "device": -1, "ip": 0, "agent": 0, "event": 0, "item": -1, "campaign": -1,
               "position": 0, "dwell": 0, "scroll": 0, "attested": 0, "app": 3},
    "logins": {"account": -1, "device": -1, "ip": 0, "agent": 0, "result": 0, "reason": 0, "method": 0, "mfa": 0,
               "rtt": 0},
    "accounts": {"account": -1, "device": -1, "ip": 0, "action": 0, "domain": 0, "handle": 0, "inviter": -1,
                 "completeness": 0},
    "orders": {"order": -1, "account": -1, "session": -1, "device": -1, "ip": 0, "seller": 0, "item": 0, "quantity": 1,
               "lines": 1, "gross": 0, "discount": 0, "currency": 0, "address": -1, "state": 0, "drop": -1},
    "payments": {"payment": -1, "order": -1, "account": -1, "device": -1, "ip": 0, "card": -1, "bin": 0, "method": 0,
                 "amount": 0, "currency": 0, "result": 0, "decline": 0, "avs": 0, "cvv": 0, "attempt": 1},
    "coupons": {"coupon": -1, "campaign": 0, "account": -1, "device": -1, "ip": 0, "address": -1, "action": 0,
                "order": -1, "threshold": 0, "face": 0},
    "refunds": {"refund": -1, "order": -1, "account": -1, "address": -1, "amount": 0, "currency": 0, "reason": 0,
                "channel": 0, "decision": 0},
    "reviews": {"review": -1, "account": -1, "order": -1, "item": 0, "seller": 0, "stars": 5, "text": 0, "device": -1,
                "ip": 0},
    "messages": {"thread": -1, "side": 0, "sender": -1, "recipient": -1, "text": 0, "ip": 0},
    "shipments": {"parcel": -1, "order": -1, "carrier": 0, "scan": 0, "weight": 0, "cell": 0},
    "sellers": {"seller": 0, "action": 0, "item": -1, "price": 0, "payout": -1},
    "staff": {"staff": 0, "role": 0, "action": 0, "owner": -1, "fields": 0, "records": 1, "size": 0, "ticket": -1,
              "ip": 0},
}  # fmt: skip


def sheet(world: World, source: str, key: ArrayLike, ordinal: ArrayLike, ts: ArrayLike, **columns: ArrayLike) -> Sheet:
    """Make the events of a source.

    Args:
        world: The world, for the stream that numbers events.
        source: Name of the source.
        key: The entity whose event it is.
        ordinal: A number that tells its events of this source apart.
        ts: When they happen, in microseconds.
        **columns: What they say; a single value is that of all, and what is left out has its usual value.

    Returns:
        A sheet.
    """
    ts = np.atleast_1d(np.asarray(ts, dtype=np.int64))
    usual = {**COLUMNS[source], **HIDDEN}
    unknown = columns.keys() - usual.keys()
    if unknown:
        raise KeyError(f"{source} has no columns {sorted(unknown)}")
    made: Sheet = {"ts": ts, "id": world.stream(f"id.{source}").bits(key, ordinal).view(np.int64)}
    made["id"] = np.broadcast_to(made["id"], ts.shape)
    for name, value in usual.items():
        made[name] = np.broadcast_to(np.asarray(columns.get(name, value), dtype=np.int64), ts.shape)
    return made


def take(one: Sheet, where: NDArray[Any]) -> Sheet:
    """Take some of a sheet's events, by place or by a mask."""
    return {name: column[where] for name, column in one.items()}


def join(sheets: list[Sheet], source: str) -> Sheet:
    """Put sheets of one source together; none is an empty sheet."""
    if not sheets:
        names = ("ts", "id", *COLUMNS[source], *HIDDEN, "fate", "arrival")
        return {name: np.zeros(0, dtype=np.int64) for name in names}
    return {name: np.concatenate([one[name] for one in sheets]) for name in sheets[0]}


def size(one: Sheet) -> int:
    """Say how many events a sheet has."""
    return len(one["ts"])


class Pile:
    """Events that are made but not yet written, by source.

    Args:
        world: Their world, whose period they are held to.
        arrive: Gives the fate of a source's events and when they arrive; by default all arrive at once and well.
    """

    def __init__(self, world: World, arrive: Arrive | None = None) -> None:
        self._end = world.calendar.end
        self._arrive = arrive
        self._sheets: dict[str, list[Sheet]] = {source: [] for source in COLUMNS}

    def add(self, source: str, *sheets: Sheet) -> None:
        """Put events on the pile; what would come after the period does not come."""
        for one in sheets:
            inside = one["ts"] < self._end
            if not inside.any():
                continue
            kept = one if inside.all() else take(one, inside)
            if self._arrive is None:
                fate, arrival = np.zeros_like(kept["ts"]), kept["ts"]
            else:
                fate, arrival = self._arrive(source, kept)
            self._sheets[source].append(kept | {"fate": fate, "arrival": np.minimum(arrival, self._end - 1)})

    def until(self, source: str, instant: int) -> Sheet:
        """Take the events that arrive before an instant from the pile, in the order in which they do."""
        everything = join(self._sheets[source], source)
        due = everything["arrival"] < instant
        later = take(everything, ~due)
        self._sheets[source] = [later] if size(later) else []
        found = take(everything, due)
        return take(found, np.lexsort((found["id"], found["arrival"])))
