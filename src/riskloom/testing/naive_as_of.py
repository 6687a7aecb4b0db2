"""The slow oracle of the as-of join."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def latest_row(
    rows: Sequence[Mapping[str, Any]],
    key: Mapping[str, Any],
    at: int,
    *,
    event_ts: str,
    created_ts: str | None,
    ttl: int | None,
    columns: Sequence[str],
    filter_by_created: bool = False,
) -> tuple[Any, ...] | None:
    """Give the values of the latest row of a key at an instant.

    Args:
        rows: All rows, times as microseconds since the epoch.
        key: Key columns and their values.
        at: Microseconds since the epoch.
        event_ts: Name of the event time.
        created_ts: Name of the created time; None for none.
        ttl: Microseconds that a row is valid for; None for ever.
        columns: Names of the values wanted; they settle what times leave tied, null before everything.
        filter_by_created: Leave out rows that were created after the instant, or nobody knows when.

    Returns:
        The values, or None where there is no row.

    Example:
        >>> rows = [{"user": "ann", "time": 5, "limit": 100}, {"user": "ann", "time": 5, "limit": 200}]
        >>> latest_row(rows, {"user": "ann"}, 5, event_ts="time", created_ts=None, ttl=0, columns=["limit"])
        (200,)
    """
    best: tuple[Any, ...] | None = None
    for row in rows:
        created = row[created_ts] if created_ts else None
        if any(value is None or row[name] is None or row[name] != value for name, value in key.items()):
            continue
        if row[event_ts] > at or (ttl is not None and row[event_ts] < at - ttl):
            continue
        if filter_by_created and (created is None or created > at):
            continue
        values = tuple(row[name] for name in columns)
        rank = (row[event_ts], _nulls_first(created), tuple(map(_nulls_first, values)), values)
        if best is None or rank[:-1] > best[:-1]:
            best = rank
    return None if best is None else best[-1]


def _nulls_first(value: Any) -> tuple[bool, Any]:  # noqa: ANN401 - of any type
    return value is not None, 0 if value is None else value
