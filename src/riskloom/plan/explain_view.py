"""Explain a view before it is computed: what is read, which keys are hot, what states weigh, and the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from riskloom.intervals import format_duration, format_instant
from riskloom.plan import explain
from riskloom.tabular import as_table

if TYPE_CHECKING:
    from riskloom.declare import FeatureView
    from riskloom.intervals import Window
    from riskloom.plan.build import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What the tables say of a view.

    Attributes:
        table: The table that was looked at: the view's gold table, or its source's silver table before the first run.
        version: Its version.
        rows: Its rows with a key.
        size: Bytes of its files.
        span: Its oldest and newest event, microseconds since the epoch; None where it has none.
        in_reach: Rows that a window may hold at the newest event.
        keys: How many entities have events.
        hot: The entities with the most events: their key, and how many.
        states: How many states the online store has: those of entities with an event in reach of the newest.
        sampled: How many of them were encoded; 0 where nothing could be.
        state_mean: Bytes of a state, on average over those.
        state_max: Bytes of the largest of them, the hottest entity's among them.
    """

    table: str
    version: int
    rows: int
    size: int
    span: tuple[int, int] | None
    in_reach: int
    keys: int
    hot: tuple[tuple[str, int], ...]
    states: int = 0
    sampled: int = 0
    state_mean: float = 0.0
    state_max: int = 0

    @property
    def state_total(self) -> int:
        """Bytes of all states, estimated from the sample."""
        return round(self.state_mean * self.states)


def windows_of(view: FeatureView) -> list[tuple[Window, int, int]]:
    """Give each window of a view, how many tiles of its hop it spans, and how many features read it.

    Example:
        >>> from riskloom import Entity, EventSource, FeatureView, aggregate
        >>> user = Entity.of("user", user_name="string")
        >>> logins = EventSource(name="logins", files="*.log", transform="l:f", columns={"user_name": "string"})
        >>> view = FeatureView(
        ...     name="user_logins", entity=user, source=logins, windows=("5m", "1h"), aggregations=(aggregate.count(),)
        ... )
        >>> [(str(window), tiles, features) for window, tiles, features in windows_of(view)]
        [('5m', 61, 1), ('1h', 61, 1)]
    """
    counts: dict[Window, int] = {}
    for feature in view.features:
        for window in dict.fromkeys(leaf.window for leaf in feature.leaves):
            counts[window] = counts.get(window, 0) + 1
    # One more than the length holds: the oldest is cut by the window's start.
    return [(window, window.length // window.hop + 1, counts[window]) for window in sorted(counts)]


def as_data(view: FeatureView, found: Statistics | None, plan: Plan | None) -> dict[str, Any]:
    """Write it as JSON-ready data."""
    return {
        "view": view.name,
        "source": view.source.name,
        "keys": list(view.entity.key_columns),
        "windows": [
            {
                "length": format_duration(window.length),
                "delay": format_duration(window.delay),
                "hop": format_duration(window.hop),
                "tiles": tiles,
                "features": features,
            }
            for window, tiles, features in windows_of(view)
        ],
        "statistics": None if found is None else _numbers(found),
        "plan": None if plan is None else explain.as_data(plan)["steps"],
    }


def _numbers(found: Statistics) -> dict[str, Any]:
    return {
        "table": found.table,
        "version": found.version,
        "rows": found.rows,
        "bytes": found.size,
        "oldest": format_instant(found.span[0]) if found.span else None,
        "newest": format_instant(found.span[1]) if found.span else None,
        "rows_in_reach": found.in_reach,
        "entities": found.keys,
        "hot": [{"key": key, "events": events} for key, events in found.hot],
        "state_bytes_mean": round(found.state_mean, 1),
        "state_bytes_max": found.state_max,
        "state_bytes_total": found.state_total,
        "states": found.states,
        "states_sampled": found.sampled,
    }


def as_text(view: FeatureView, found: Statistics | None, plan: Plan | None) -> str:
    """Write it for people."""
    lines = [f"View {view.name}: {len(view.features)} features of {view.entity.name} from {view.source.name}."]
    lines += [*_of_tables(view, found), "", "Windows:"]
    rows = [
        {"window": str(window), "delay": format_duration(window.delay), "hop": format_duration(window.hop)}
        | {"tiles": tiles, "features": features}
        for window, tiles, features in windows_of(view)
    ]
    lines += [as_table(rows, ("window", "delay", "hop", "tiles", "features"))]
    return "\n".join([*lines, *(["", explain.as_text(plan)] if plan else [])])


def _of_tables(view: FeatureView, found: Statistics | None) -> list[str]:
    if found is None:
        return [f"Source {view.source.name} has published nothing yet: there are no statistics."]
    lines = [f"Reads {found.table} version {found.version}: {found.rows:,} rows, {found.size:,} bytes."]
    if found.span is None:
        return lines
    oldest, newest = (format_instant(instant) for instant in found.span)
    lines.append(f"Events from {oldest} to {newest}, {found.in_reach:,} of them in reach of the newest.")
    lines.append(f"Entities: {found.keys:,}. With the most events:")
    share = [{"key": key, "events": events, "share": f"{events / found.rows:.1%}"} for key, events in found.hot]
    lines.append(as_table(share, ("key", "events", "share")))
    if found.sampled:
        lines.append(
            f"Online state: about {found.state_mean:,.0f} bytes an entity, {found.state_max:,} the largest, "
            f"{found.state_total:,} in all (from {found.sampled:,} states)."
        )
    return lines
