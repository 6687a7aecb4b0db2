"""Random events that are hard on a window kernel, for property tests of a user's own as well.

Ties, late arrivals, nulls, NaN, empty and null keys, one key with most of the events, composite keys that would collide
when joined to one text, times before the epoch, and windows longer than all history.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np

from riskloom.intervals import MINUTE, SECOND, parse_duration, to_datetime

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypothesis.strategies import SearchStrategy

    from riskloom.declare import FeatureView
    from riskloom.testing.rows import Row

_TEXTS = ("1", "11", "111", "", "a", "Ä", "a%b_c", "ﬀ", "😀", None)
_POOLS: dict[str, tuple[Any, ...]] = {
    "string": _TEXTS,
    "int64": (0, 1, -1, 2, 7, 11, 111, -(2**40), 2**40, None),
    "float64": (0.0, -0.0, 0.1, 0.2, -0.3, 1e15, -1e15, 1e-9, 2.5, float("nan"), None),
    "bool": (True, False, None),
    "timestamp": (*(to_datetime(micros) for micros in (0, -1, 86_400_000_000, 1_291_190_400_000_000)), None),
}
_KEYS = {**_POOLS, "string": ("1", "11", "111", "", None), "int64": (1, 11, 111, 0, None)}
# Times fall on few instants, so that ties and hits on the edges of windows are common.
_STEPS = (1, SECOND, 30 * SECOND, MINUTE)


def random_events(view: FeatureView, seed: int, size: int, *, late: bool = True) -> list[Row]:
    """Draw events of a view's source.

    Args:
        view: The view that will read them.
        seed: The same seed gives the same events.
        size: How many.
        late: Let some become available only after their time, whatever the source declares.

    Returns:
        Rows in no order, as ``riskloom.testing.rows.normalise`` takes them.
    """
    random = np.random.default_rng(seed)
    origin = int(random.choice((-3, 0, 1_291_190_400))) * SECOND
    step, span = int(random.choice(_STEPS)), int(random.integers(1, 200))
    hot = {key: random.random() < 0.5 for key in view.entity.key_columns}  # noqa: PLR2004 - every other time
    rows = []
    for position in random.permutation(size).tolist():
        row: Row = {name: _draw(random, _POOLS[dtype]) for name, dtype in view.source.columns.items()}
        row |= {name: _key(random, dtype, hot=hot[name]) for name, dtype in view.entity.keys}
        row["event_ts"] = origin + step * int(random.integers(-span, span))
        row["event_id"] = str(position)
        wait = parse_duration(view.source.delay)
        if late and random.random() < 0.3:  # noqa: PLR2004 - some
            wait += step * int(random.integers(0, span))
        row["available_ts"] = row["event_ts"] + wait
        rows.append(row)
    return rows


def random_spine(view: FeatureView, seed: int, size: int, events: Sequence[Row]) -> list[Row]:
    """Draw instants to read at: on events, just beside them, at the edges of windows, and far from all.

    Args:
        view: The view that will be read.
        seed: The same seed gives the same spine.
        size: How many rows.
        events: Events whose keys and times are drawn from.

    Returns:
        Rows of the key columns and ``at`` in microseconds.
    """
    random = np.random.default_rng(seed)
    lengths = [leaf.window.length for feature in view.features for leaf in feature.leaves]
    shifts = (0, 1, -1, SECOND, MINUTE, *lengths, *(length + 1 for length in lengths), 10 * max(lengths))
    rows = []
    for _ in range(size):
        event = events[int(random.integers(len(events)))] if events else {"event_ts": 0}
        row = {name: event.get(name) for name in view.entity.key_columns}
        if random.random() < 0.3:  # noqa: PLR2004 - some
            row = {name: _key(random, dtype, hot=False) for name, dtype in view.entity.keys}
        rows.append({**row, "at": event["event_ts"] + int(random.choice(shifts))})
    return rows


def random_cases(view: FeatureView, seed: int, cases: range) -> tuple[list[Row], list[Row]]:
    """Draw many small streams, each with a key and an instant of its own, for one call of the kernel.

    The first digits of several cases' numbers are one and the same first key, and the texts of composite keys collide
    when they are joined: ``("1234", 56)`` and ``("12345", 6)`` are two cases.

    Args:
        view: The view that will read them; its keys are strings or integers.
        seed: The same seed gives the same cases.
        cases: Numbers of the cases.

    Returns:
        Events in no order, and one spine row a case, in the order of the cases.
    """
    events: list[Row] = []
    spine: list[Row] = []
    lengths = [leaf.window.length for feature in view.features for leaf in feature.leaves]
    shifts = (0, 1, -1, SECOND, MINUTE, *lengths, *(length + 1 for length in lengths), 10 * max(lengths), -max(lengths))
    for number in cases:
        random = Random(f"{seed} {number}")
        stream = _stream(view, random, _case_key(view, number), f"{number}-")
        at = random.choice(stream)["event_ts"] if stream else 0
        spine.append({**_case_key(view, number), "at": at + random.choice(shifts)})
        events += stream
    Random(seed).shuffle(events)
    return events, spine


def _case_key(view: FeatureView, number: int) -> Row:
    """Write the number of a case as key: in digits from 1 to 9, of which the last ones are the last part."""
    columns = view.entity.keys
    split, rest, digits = number % 2 + 1, number // 2 + 9**4, ""
    while rest:
        rest, digit = divmod(rest, 9)
        digits = f"{digit + 1}{digits}"
    parts = [f"{number}"] if len(columns) == 1 else [digits[:-split], digits[-split:]]
    return {name: part if dtype == "string" else int(part) for (name, dtype), part in zip(columns, parts, strict=True)}


def _stream(view: FeatureView, random: Random, key: Row, prefix: str) -> list[Row]:
    origin = random.choice((-3, 0, 1_291_190_400)) * SECOND
    step, span = random.choice(_STEPS), random.randint(1, 60)
    delay, is_late = parse_duration(view.source.delay), random.random() < 0.5  # noqa: PLR2004 - every other one
    rows: list[Row] = []
    for place in range(random.choice((0, 1, 2, 3, 5, 8, 8, 13, 30))):
        row: Row = {name: random.choice(_POOLS[dtype]) for name, dtype in view.source.columns.items()} | key
        row["event_ts"] = origin + step * random.randint(-span, span)
        row["event_id"] = f"{prefix}{place}"
        wait = step * random.randint(0, span) if is_late and random.random() < 0.3 else 0  # noqa: PLR2004 - some
        row["available_ts"] = row["event_ts"] + delay + wait
        rows += [row, dict(row)] if random.random() < 0.05 else [row]  # noqa: PLR2004 - a few come twice
    return rows


def _draw(random: np.random.Generator, pool: tuple[Any, ...]) -> Any:  # noqa: ANN401 - of the pool's type
    return pool[int(random.integers(len(pool)))]


def _key(random: np.random.Generator, dtype: str, *, hot: bool) -> Any:  # noqa: ANN401 - of the key's type
    return _KEYS[dtype][0] if hot and random.random() < 0.9 else _draw(random, _KEYS[dtype])  # noqa: PLR2004 - most


def events(view: FeatureView, *, max_size: int = 40) -> SearchStrategy[list[Row]]:
    """Give a Hypothesis strategy of events, which shrink to few and simple ones.

    Args:
        view: The view that will read them.
        max_size: How many at most.
    """
    from hypothesis import strategies as st

    delay = parse_duration(view.source.delay)
    columns = {name: st.sampled_from(_POOLS[dtype]) for name, dtype in view.source.columns.items()}
    keys = {name: st.sampled_from(_KEYS[dtype]) for name, dtype in view.entity.keys}
    times = {"event_ts": instants(), "wait": st.integers(0, 3 * MINUTE // (10 * SECOND)).map(lambda n: n * 10 * SECOND)}

    def finish(rows: list[Row]) -> list[Row]:
        return [
            {**row, "event_id": str(place), "available_ts": row["event_ts"] + delay + row.pop("wait")}
            for place, row in enumerate(rows)
        ]

    return st.lists(st.fixed_dictionaries({**columns, **keys, **times}), max_size=max_size).map(finish)


def spines(view: FeatureView, *, max_size: int = 10) -> SearchStrategy[list[Row]]:
    """Give a Hypothesis strategy of spines, whose keys and times meet those of ``events``.

    Args:
        view: The view that will be read.
        max_size: How many rows at most.
    """
    from hypothesis import strategies as st

    keys = {name: st.sampled_from(_KEYS[dtype]) for name, dtype in view.entity.keys}
    return st.lists(st.fixed_dictionaries({**keys, "at": instants()}), max_size=max_size)


def instants() -> SearchStrategy[int]:
    """Give a Hypothesis strategy of instants around the epoch, most of them on a grid of ten seconds."""
    from hypothesis import strategies as st

    grid = st.integers(-60, 60).map(lambda n: n * 10 * SECOND)
    return st.one_of(grid, grid, grid.map(lambda n: n + 1), grid.map(lambda n: n - 1), st.integers(-MINUTE, MINUTE))
