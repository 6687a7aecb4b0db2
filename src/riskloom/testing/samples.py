"""A view with every function over every type, for tests that must leave none out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskloom.declare import Aggregation, Entity, EventSource, FeatureView, Filter, aggregate
from riskloom.declare.functions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS = {
    "user": "string",
    "account": "int64",
    "amount": "float64",
    "units": "int64",
    "kind": "string",
    "flag": "bool",
    "seen": "timestamp",
}
PARAMS: dict[str, tuple[float | str, ...]] = {
    "last_k": (3,),
    "top_k": (2,),
    "quantile": (0.5, 0.15, 1e4),
    "decayed_sum": ("1m",),
}
CHOSEN = Filter("chosen", "amount > 0.15 OR (kind LIKE 'a%' AND NOT flag) OR units IN (1, 7, NULL)")


def every_feature(
    *, keys: tuple[str, ...] = ("user",), delay: str = "0s", windows: tuple[str, ...] = ("30s", "5m", "1d")
) -> FeatureView:
    """Build a view with every function over every column that it takes, with and without a filter.

    Args:
        keys: Key columns of the entity, of ``COLUMNS``.
        delay: The source's delay.
        windows: Lengths.

    Example:
        >>> len(every_feature().features)
        648
    """
    source = EventSource(name="events", files="*.log", transform="events:to_events", columns=COLUMNS, delay=delay)
    return FeatureView(
        name="every_feature",
        entity=Entity.of("key", **{key: COLUMNS[key] for key in keys}),
        source=source,
        aggregations=(*_plain(None), *_plain(CHOSEN), *_ratios(), *_shifted(), *_left_out(keys)),
        windows=windows,
    )


def _plain(where: Filter | None) -> Iterator[Aggregation]:
    for function, known in FUNCTIONS.items():
        columns = [column for column, dtype in COLUMNS.items() if dtype in known.columns]
        for column in [*columns, *([None] if known.optional or not known.columns else [])]:
            if not known.parts:
                yield Aggregation(
                    function=function,
                    column=column,
                    where=where,
                    params=PARAMS.get(function, ()),
                    baseline="2d" if known.baseline else None,
                )


def _left_out(keys: tuple[str, ...]) -> Iterator[Aggregation]:
    if len(keys) == 1:
        return
    wider = Entity.of("wider", **{keys[0]: COLUMNS[keys[0]]})
    yield aggregate.leave_own_out(aggregate.count(), within=wider)
    yield aggregate.leave_own_out(aggregate.count("kind", where=CHOSEN), within=wider)
    yield aggregate.leave_own_out(aggregate.stddev("units"), within=wider)
    for column in ("amount", "units"):
        yield aggregate.leave_own_out(aggregate.sum(column), within=wider)
        yield aggregate.leave_own_out(aggregate.mean(column, where=CHOSEN), within=wider)


def _ratios() -> Iterator[Aggregation]:
    yield aggregate.ratio(aggregate.count(where=CHOSEN), aggregate.count())
    yield aggregate.ratio(aggregate.sum("amount"), aggregate.sum("units"))
    yield aggregate.ratio(aggregate.gap_stddev(), aggregate.gap_mean())
    yield aggregate.distance("amount", "units", where=CHOSEN)
    yield aggregate.ratio(aggregate.distance("units", "units"), aggregate.gap_last("units"))


def _shifted() -> Iterator[Aggregation]:
    yield aggregate.count(windows=("10m",), hop="1us")
    yield aggregate.sum("units", windows=("1h",), delay="5m")
    yield aggregate.last("kind", windows=("1h",), delay="5m", hop="1us")
