"""Wording: what a feature is measured in, and what it says, in words that follow from its declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskloom.intervals import format_duration

if TYPE_CHECKING:
    from riskloom.declare import EventSource, Feature

_OF_TYPE = {"bool": "true or false", "timestamp": "instant", "string": "text"}
_UNITS = {
    "count": "events",
    "count_distinct": "distinct values",
    "top_share": "share",
    "hhi": "share",
    "entropy": "nats",
    "time_since_first": "seconds",
    "time_since_last": "seconds",
    "gap_mean": "seconds",
    "gap_stddev": "seconds",
    "gap_last": "seconds",
    "gap_entropy": "nats",
    "distance": "kilometres",
    "novelty": "true or false",
    "zscore": "standard deviations",
}
_WORDS = {
    "count": "number of {of}",
    "sum": "sum of {of}",
    "mean": "mean of {of}",
    "min": "smallest {of}",
    "max": "largest {of}",
    "stddev": "standard deviation of {of}",
    "first": "oldest {of}",
    "last": "newest {of}",
    "last_k": "newest values of {of}",
    "count_distinct": "number of different {of}",
    "top_k": "most frequent values of {of}",
    "top_share": "share of the most frequent {of}",
    "entropy": "entropy of {of}",
    "hhi": "concentration of {of}",
    "quantile": "quantile of {of}",
    "decayed_sum": "decayed sum of {of}",
    "time_since_first": "time since the first of {of}",
    "time_since_last": "time since the newest of {of}",
    "gap_mean": "mean time between {of}",
    "gap_stddev": "standard deviation of the time between {of}",
    "gap_last": "time between the newest two {of}",
    "gap_entropy": "entropy of the time between {of}",
    "distance": "distance between the newest two places of {of}",
    "novelty": "whether {of} are all that is known",
    "zscore": "mean of {of} beside that of its baseline",
}


def unit_of(feature: Feature, source: EventSource) -> str:
    """Say in what a feature is measured.

    Example:
        >>> from riskloom import Entity, EventSource, FeatureView, aggregate
        >>> reads = EventSource(
        ...     name="reads", files="*.log", transform="l:f", columns={"who": "string", "size": "int64"},
        ...     units={"size": "bytes"},
        ... )
        >>> view = FeatureView(
        ...     name="reads_of", entity=Entity.of("who", who="string"), source=reads, windows=("1h",),
        ...     aggregations=(aggregate.sum("size"), aggregate.ratio(aggregate.sum("size"), aggregate.count())),
        ... )
        >>> [unit_of(feature, reads) for feature in view.features]
        ['bytes', 'bytes per event']
    """
    if feature.function == "ratio":
        above, below = (unit_of(part, source) for part in feature.parts)
        return "share" if above == below else f"{above} per {below.removesuffix('s')}"
    if feature.function == "leave_own_out":
        return unit_of(feature.parts[0], source)
    if feature.function in _UNITS:
        return _UNITS[feature.function]
    if feature.column is None:
        return "events"
    return source.units.get(feature.column) or column_unit(source.columns[feature.column])


def column_unit(dtype: str) -> str:
    """Say in what a column of a type is measured of which nothing else is said.

    Example:
        >>> column_unit("bool"), column_unit("int64")
        ('true or false', 'number')
    """
    return _OF_TYPE.get(dtype, "number")


def meaning_of(feature: Feature) -> str:
    """Say in words what a feature is.

    Example:
        >>> from riskloom import Entity, EventSource, FeatureView, Filter, aggregate
        >>> logins = EventSource(name="logins", files="*.log", transform="l:f", columns={"u": "string", "ok": "bool"})
        >>> view = FeatureView(
        ...     name="user_logins", entity=Entity.of("user", u="string"), source=logins, windows=("1h",),
        ...     aggregations=(aggregate.count(where=Filter("failed", "NOT ok")),),
        ... )
        >>> meaning_of(view.features[0])
        'number of failed events in the last 1h'
    """
    if feature.function == "ratio":
        return " divided by the ".join(meaning_of(part) for part in feature.parts)
    if feature.function == "leave_own_out":
        return f"{meaning_of(feature.parts[0])}, without its own"
    words = _WORDS[feature.function].format(of=_subject(feature))
    window = feature.window
    until = f", up to {format_duration(window.delay)} ago" if window.delay else ""
    return f"{words} in the last {format_duration(window.length)}{until}"


def _subject(feature: Feature) -> str:
    chosen = f"{feature.where.name} " if feature.where else ""
    if feature.column is None:
        return f"{chosen}events"
    return f"{feature.column} of {chosen}events" if chosen else feature.column
