"""A view with every function over every type, for tests that must leave none out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskloom.declare import Aggregation, Entity, EventSource, FeatureView, Filter, aggregate
from riskloom.declare.aggregation import COLUMN_TYPES

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
        291
    """
    source = EventSource(name="events", files="*.log", transform="events:to_events", columns=COLUMNS, delay=delay)
    return FeatureView(
        name="every_feature",
        entity=Entity.of("key", **{key: COLUMNS[key] for key in keys}),
        source=source,
        aggregations=(*_plain(None), *_plain(CHOSEN), *_ratios(), *_shifted()),
        windows=windows,
    )


def _plain(where: Filter | None) -> Iterator[Aggregation]:
    yield aggregate.count(where=where)
    yield aggregate.time_since_last(where=where)
    for function, types in COLUMN_TYPES.items():
        for column, dtype in COLUMNS.items():
            if dtype in types:
                yield Aggregation(function=function, column=column, where=where)


def _ratios() -> Iterator[Aggregation]:
    yield aggregate.ratio(aggregate.count(where=CHOSEN), aggregate.count())
    yield aggregate.ratio(aggregate.sum("amount"), aggregate.sum("units"))


def _shifted() -> Iterator[Aggregation]:
    yield aggregate.count(windows=("10m",), hop="1us")
    yield aggregate.sum("units", windows=("1h",), delay="5m")
    yield aggregate.last("kind", windows=("1h",), delay="5m", hop="1us")
