"""The aggregation functions: the columns that each may read, the type of its values, its parameters and its bounds.

Every function can be kept in a state that is bounded and that merges: the caps below are part of its meaning, in every
reader, and not of one store's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from riskloom.declare.names import DTYPES, NUMERIC
from riskloom.errors import TimeError
from riskloom.intervals import format_duration, parse_duration

DISTINCT_CAP = 4096
NEWEST_CAP = 256
BUCKET_CAP = 4096
ACCURACY = 0.01
COMPARABLE = (*NUMERIC, "timestamp")


@dataclass(frozen=True, slots=True)
class Function:
    """What a function reads and gives.

    Attributes:
        columns: Types that its column may have; empty where it takes none.
        gives: Type of its values; ``"column"`` for its column's own, ``"list"`` for a list of those.
        optional: Whether it may do without a column.
        parts: How many aggregations it combines.
        baseline: Whether it compares its window with a longer one.
        params: Names of its parameters.
    """

    columns: tuple[str, ...] = ()
    gives: str = "float64"
    optional: bool = False
    parts: int = 0
    baseline: bool = False
    params: tuple[str, ...] = ()


FUNCTIONS: dict[str, Function] = {
    "count": Function(DTYPES, "int64", optional=True),
    "sum": Function(NUMERIC, "column"),
    "mean": Function(NUMERIC),
    "min": Function(COMPARABLE, "column"),
    "max": Function(COMPARABLE, "column"),
    "stddev": Function(NUMERIC),
    "first": Function(DTYPES, "column"),
    "last": Function(DTYPES, "column"),
    "last_k": Function(DTYPES, "list", params=("k",)),
    "count_distinct": Function(DTYPES, "int64"),
    "top_k": Function(DTYPES, "list", params=("k",)),
    "top_share": Function(DTYPES),
    "entropy": Function(DTYPES),
    "hhi": Function(DTYPES),
    "quantile": Function(NUMERIC, params=("q", "low", "high")),
    "decayed_sum": Function(NUMERIC, optional=True, params=("half_life",)),
    "time_since_first": Function(),
    "time_since_last": Function(),
    "gap_mean": Function(),
    "gap_stddev": Function(),
    "gap_last": Function(DTYPES, optional=True),
    "gap_entropy": Function(),
    "novelty": Function(gives="bool", baseline=True),
    "zscore": Function(NUMERIC, baseline=True),
    "ratio": Function(parts=2),
    "distance": Function(parts=2),
    "leave_own_out": Function(gives="part", parts=1),
}
COUNTS = ("count", "count_distinct")
LEFT_OUT = ("count", "sum", "mean", "stddev")


def list_of(dtype: str) -> str:
    """Name the type of lists of a type.

    Example:
        >>> list_of("string")
        'list[string]'
    """
    return f"list[{dtype}]"


def edges(low: float, high: float) -> list[float]:
    """Give the upper edges of the buckets of a quantile, each 1 % from its neighbours' values.

    The buckets grow by ``(1 + a) / (1 - a)``, so that the middle of one is within ``a`` of each value in it: DDSketch
    (Masson, Rim, Lee, VLDB 2019), but with a declared range, so that every state has the same buckets.

    Args:
        low: Upper edge of the first bucket, which holds all that is smaller.
        high: Values above it are in the last bucket.

    Example:
        >>> [round(edge, 4) for edge in edges(1, 1.05)]
        [1, 1.0202, 1.0408, 1.0618]
    """
    growth = (1 + ACCURACY) / (1 - ACCURACY)
    result = [low]
    while result[-1] < high:
        result.append(low * growth ** len(result))
    return result


def middles(uppers: list[float]) -> list[float]:
    """Give the value that stands for each bucket; the first one's is its edge, the low end of the range."""
    return [uppers[0], *(edge * (1 - ACCURACY) for edge in uppers[1:])]


def parameter_fault(function: str, params: tuple[float | str, ...]) -> str | None:
    """Say what is wrong with a function's parameters, or None."""
    names = FUNCTIONS[function].params
    if len(params) != len(names):
        return f"give it {', '.join(names)}." if names else "it takes no parameters."
    if function == "quantile":
        return _quantile_fault(*params)
    if function == "decayed_sum":
        return _half_life_fault(*params)
    return _k_fault(*params) if params else None


def _k_fault(k: object) -> str | None:
    good = isinstance(k, int) and not isinstance(k, bool) and 1 <= k <= NEWEST_CAP
    return None if good else f"k={k!r} must be a whole number from 1 to {NEWEST_CAP}."


def _quantile_fault(q: object, low: object, high: object) -> str | None:
    if not _is_number(q) or not 0 <= q <= 1:  # type: ignore[operator]
        return f"q={q!r} must be a number from 0 to 1."
    ordered = _is_number(low) and _is_number(high) and 0 < low < high  # type: ignore[operator]
    if not ordered:
        return f"the range from low={low!r} to high={high!r} must be of two numbers above 0, the smaller one first."
    needed = math.log(high / low) / math.log((1 + ACCURACY) / (1 - ACCURACY))  # type: ignore[operator]
    if needed > BUCKET_CAP:
        span = f"the range from low={low!r} to high={high!r}"
        return f"{span} needs {math.ceil(needed)} buckets of 1 %, more than {BUCKET_CAP}."
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _half_life_fault(half_life: object) -> str | None:
    try:
        good = isinstance(half_life, str) and parse_duration(half_life) > 0
    except TimeError as error:
        return str(error)
    return None if good else f"half_life={half_life!r} must be a duration of more than zero, such as '1h'."


def parameter_text(function: str, params: tuple[float | str, ...]) -> str:
    """Write the parameters as they stand in a feature's name.

    Example:
        >>> parameter_text("quantile", (0.999, 1, 100)), parameter_text("decayed_sum", ("24h",))
        ('99_9', '1d')
    """
    if function == "quantile":
        return f"{float(params[0]) * 100:.10g}".replace(".", "_")
    if function == "decayed_sum":
        return format_duration(parse_duration(str(params[0])))
    return "".join(str(param) for param in params)


def parameter_values(function: str, params: tuple[float | str, ...]) -> tuple[float, ...]:
    """Give the parameters as numbers, durations in microseconds."""
    if function == "decayed_sum":
        return (parse_duration(str(params[0])),)
    return tuple(param for param in params if not isinstance(param, str))
