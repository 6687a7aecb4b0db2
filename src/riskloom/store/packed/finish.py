"""Turns the numbers of rows into features, by one expression that is put together from the declaration.

A call a feature would cost more than all the rest of a read. The expression is made of place numbers alone: no name and
no text of a declaration is in it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from riskloom.declare.functions import DISTINCT_CAP
from riskloom.intervals import SECOND, to_datetime
from riskloom.store.packed.fold import DOWN
from riskloom.store.packed.shape import decays
from riskloom.windows.functions import MOMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from riskloom.declare import Feature
    from riskloom.intervals import Window
    from riskloom.store.packed.shape import Shape

_UP = 1 / DOWN


def finisher(shape: Shape, leaves: Sequence[Feature], windows: Sequence[Window]) -> Callable[..., list[Any]]:
    """Make the function of an instant and of a row a window that gives the values of features.

    A row is its numbers, the tail, the last values, the instant that its decayed sums are as of, the table of picks and
    the scale of its sums of doubles.

    Args:
        shape: The layout of the rows.
        leaves: Features that read events.
        windows: Their windows, in the order of the rows.
    """
    values = ", ".join(_expression(shape, leaf, f"r{windows.index(leaf.window)}") for leaf in leaves)
    rows = ", ".join(f"r{place}" for place in range(len(windows)))
    names = {"sqrt": math.sqrt, "deviation": _deviation, "to_datetime": to_datetime, "__builtins__": {}}
    made: Callable[..., list[Any]] = eval(f"lambda at, {rows}: [{values}]", names)  # noqa: S307 - of numbers alone
    return made


def _expression(shape: Shape, leaf: Feature, row: str) -> str:
    channel = shape.channel_of(leaf)
    cells = {measure: f"{row}[{place}]" for (owner, measure), place in shape.place.items() if owner == channel}
    cells |= {what: f"{row}[{place}]" for (what, owner), place in shape.tail_place.items() if owner == channel}
    cells |= {"scale": f"{row}[-1]", "value": f"{row}[-2].value", "as_of": f"{row}[-3]"}
    if leaf.function == "decayed_sum":
        cells |= {"decayed": cells[decays(leaf.params[0])], "half_life": repr(leaf.params[0])}
    cells["last_value"] = f"{row}[{shape.last_place.get(channel)}]"
    if channel in shape.picked:
        cells["pick"] = str(shape.picked.index(channel))
    if leaf.function == MOMENTS:
        return _moments(shape, channel, cells)
    kind = "float" if shape.channels[channel].is_float else leaf.dtype
    written = _BY_TYPE.get((leaf.function, kind)) or _EXPRESSIONS[leaf.function]
    return written.format_map(cells)


def _moments(shape: Shape, channel: int, cells: dict[str, str]) -> str:
    """Give count, sum and sum of squares, as far as they are kept."""
    kept = [cells[name] for name in ("count", "sum", "squares") if name in cells]
    if shape.channels[channel].is_float and "sum" in cells:
        kept[1] += f" * {cells['scale']}"
    return f"({', '.join(kept)},)"


def _deviation(root: float, count: int) -> float:
    return root * (_UP / math.sqrt(count - 1)) if math.isfinite(root) else math.nan


_EXPRESSIONS = {
    "count": "{count}",
    "count_distinct": f"({{distinct}} if {{distinct}} < {DISTINCT_CAP} else {DISTINCT_CAP})",
    "sum": "({sum} if {count} else None)",
    "mean": "({sum} / {count} if {count} else None)",
    "stddev": "(sqrt(({count} * {squares} - {sum} * {sum}) / ({count} * ({count} - 1))) if {count} > 1 else None)",
    "min": "({min} if {count} else None)",
    "max": "({max} if {count} else None)",
    "first": "({value}({pick}, {first}) if {count} else None)",
    "last": "({last_value} if {count} else None)",
    "decayed_sum": "({decayed} * {scale} * 2.0 ** (({as_of} - at) / {half_life}) if {count} else None)",
    "time_since_first": f"((at - {{oldest}}) / {SECOND} if {{count}} else None)",
    "time_since_last": f"((at - {{time}}) / {SECOND} if {{count}} else None)",
}
_BY_TYPE = {
    ("sum", "float"): "({sum} * {scale} if {count} else None)",
    ("mean", "float"): "({sum} / {count} * {scale} if {count} else None)",
    ("stddev", "float"): "(deviation({root}, {count}) if {count} > 1 else None)",
    ("min", "timestamp"): "(to_datetime({min}) if {count} else None)",
    ("max", "timestamp"): "(to_datetime({max}) if {count} else None)",
}
