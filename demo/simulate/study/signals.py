"""Signals: the single fields and simple counts by which one might tell an attack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import vocabulary as v
from demo.simulate.addresses import network
from demo.simulate.calendar import DAY, HOUR

if TYPE_CHECKING:
    from demo.simulate.sheets import Sheet
    from demo.simulate.streams import Floats, Ints

# Whom or what one would count by.
KEYS = (
    "account", "device", "ip", "session", "card", "bin", "address", "seller", "item", "text", "sender", "recipient",
    "owner", "staff", "inviter", "coupon",
)  # fmt: skip
# Of which one would count how many different ones: of the second, per one of the first.
DIFFERENT = (
    ("device", "account"), ("ip", "account"), ("card", "account"), ("address", "account"), ("account", "device"),
    ("account", "ip"), ("account", "seller"), ("account", "item"), ("seller", "account"), ("item", "account"),
    ("inviter", "account"), ("bin", "card"), ("ip", "item"), ("session", "item"), ("sender", "recipient"),
    ("text", "sender"), ("staff", "owner"),
)  # fmt: skip
# Numbers that name something, or that a log never has.
_NAMES = {"id", "order", "payment", "refund", "review", "thread", "parcel", "ticket", "handle", "drop", "query"}
_UNKNOWN = {"ts", "truth", "unit", "phase", "ring", "odd", "fate", "arrival"}
_KINDS = 40
_MILLI = 1_000
_STRETCH = 800 * DAY // _MILLI
_SPANS = {"1h": HOUR, "1d": DAY, "ever": 400 * DAY}


def signals(one: Sheet, wanted: Ints) -> dict[str, Floats]:
    """Give what each of some events is seen to be.

    Args:
        one: All events of a source, in any order.
        wanted: Places of those that are asked about.

    Returns:
        A number an event, by the signal's name. A field of few kinds is one signal a kind.
    """
    found: dict[str, Floats] = {}
    for name, column in {**one, **_derived(one)}.items():
        if name in _UNKNOWN or name in _NAMES:
            continue
        if name not in KEYS:
            found |= _field(name, column[wanted])
    for name in KEYS:
        if name in one:
            found |= _counts(name, one[name], one["ts"], wanted)
    for key, of in DIFFERENT:
        if key in one and of in one:
            found[f"{of}s_of_{key}"] = _different(one[key], one[of], one["ts"], wanted)
    return {name: column for name, column in found.items() if column.min() < column.max()}


def _derived(one: Sheet) -> dict[str, Ints]:
    found = {"hour": one["ts"] // HOUR % 24, "weekday": one["ts"] // DAY % 7}
    if "ip" in one:
        where = network(one["ip"])
        found |= {"network": where.kind, "country": where.country}
    if "agent" in one:
        found |= {"script": (one["agent"] >= v.FIRST_SCRIPT).astype(np.int64)}
    for name in ("ticket", "order", "inviter", "query"):
        if name in one:
            found |= {f"has_{name}": (one[name] >= 0).astype(np.int64)}
    if "discount" in one:
        found |= {"discount_share": one["discount"] * 1_000 // np.maximum(one["gross"], 1)}
    if "handle" in one:
        # As many sign-ups have a handle of this beginning: what comes before its number.
        found |= {"handle_like": _alike(np.where(one["handle"] < 1 << 46, one["handle"] >> 10, -one["id"]))}
    if "text" in one:
        found |= {"text_like": _alike(np.where(one["text"] >= 1 << 20, one["text"] >> 12, one["text"]))}
    return found


def _alike(numbers: Ints) -> Ints:
    _, place, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    return counts[place].astype(np.int64)


def _field(name: str, column: Ints) -> dict[str, Floats]:
    kinds = np.unique(column)
    if len(kinds) > _KINDS:
        return {name: np.log1p(np.maximum(column, 0)).astype(np.float64)}
    return {f"{name}={kind}": (column == kind).astype(np.float64) for kind in kinds.tolist()}


def _counts(name: str, key: Ints, ts: Ints, wanted: Ints) -> dict[str, Floats]:
    """Count the events of the same key before each, and the time since the one before."""
    line, number = _line(key, ts)
    order = np.sort(line)
    here, own = line[wanted], number[wanted] * _STRETCH
    before = np.searchsorted(order, here, side="left")
    known = key[wanted] >= 0
    found = {}
    for span, length in _SPANS.items():
        first = np.searchsorted(order, np.maximum(here - length // _MILLI, own), side="left")
        found[f"{name}_before_{span}"] = np.where(known, np.log1p(before - first), -1.0)
    last = order[np.maximum(before - 1, 0)]
    gap = np.where((before > 0) & (last >= own), here - last, 30 * DAY // _MILLI)
    found[f"{name}_gap"] = np.where(known, np.log1p(gap / 1_000), -1.0)
    return found


def _line(key: Ints, ts: Ints) -> tuple[Ints, Ints]:
    """Put all keys on one line of milliseconds, on which each has a stretch of its own; and number them."""
    _, number = np.unique(key, return_inverse=True)
    return number * _STRETCH + (ts - ts.min()) // _MILLI, number


def _different(key: Ints, of: Ints, ts: Ints, wanted: Ints) -> Floats:
    """Count the different values of a column that a key had before each event."""
    line, number = _line(key, ts)
    order = np.lexsort((line, of, number))
    same = (number[order][1:] == number[order][:-1]) & (of[order][1:] == of[order][:-1])
    first = np.sort(line[order][np.concatenate([[True], ~same])])
    here, own = line[wanted], number[wanted] * _STRETCH
    counted = np.searchsorted(first, here, side="left") - np.searchsorted(first, own, side="left")
    return np.where(key[wanted] >= 0, np.log1p(counted), -1.0)
