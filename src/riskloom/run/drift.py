"""Drift as it begins: what a source's newest run counted, beside the runs before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskloom.intervals import format_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskloom.lake.ops import RunRecord

COLUMNS = ("source", "drift", "field", "change", "first_seen", "events", "share", "before")
# So many runs are what is usual; a share that moves by less is no news.
MOST_BEFORE, LEAST_MOVE = 30, 0.05
# What a source lacks or writes otherwise is news in its first run, too; what many events lack is not.
_NEWS_AT_FIRST = ("new", "alias", "retyped")
_MOST_ROWS = 10


def drift_of(runs: Sequence[RunRecord]) -> list[dict[str, Any]]:
    """Tell what has changed in the fields of a source.

    Args:
        runs: The source's runs, oldest first; replays say nothing of a whole interval.

    Returns:
        A row for each counter of the newest run that the runs of other intervals before it did not have, or whose share
        of the events has moved; of a first run, for each field that is not as declared. ``first_seen`` is the beginning
        of the first interval with it, ``before`` its share in those intervals, ``change`` is begins, ends, rises or
        falls. What has moved most comes first.

    Example:
        >>> from riskloom.lake.ops import RunRecord
        >>> first = RunRecord(run_id="r", source="s", interval_start=0, interval_end=1, records=10)
        >>> then = RunRecord(run_id="r", source="s", interval_start=1, interval_end=2, records=10, drift={"new:a": 2})
        >>> [(row["drift"], row["field"], row["change"], row["share"]) for row in drift_of([first, then])]
        [('new', 'a', 'begins', 0.2)]
    """
    done = [run for run in runs if run.status != "failed" and run.kind == "run"]
    if not done:
        return []
    newest = done[-1]
    others = {run.interval: run for run in done if run.interval != newest.interval}
    before = sorted(others.values(), key=lambda run: (run.started_ts, run.interval_start))[-MOST_BEFORE:]
    names = sorted({*newest.drift, *(name for run in before for name in run.drift)})
    rows = [_row(name, newest, before, done) for name in names]
    return sorted((row for row in rows if row["change"]), key=lambda row: -abs(row["share"] - (row["before"] or 0)))


def shown(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the rows that people are shown: of each source those that have moved most, and how many more there are."""
    kept = []
    for source in dict.fromkeys(row["source"] for row in rows):
        mine = [row for row in rows if row["source"] == source]
        kept += [
            {**row, "share": _percent(row["share"]), "before": _percent(row["before"])} for row in mine[:_MOST_ROWS]
        ]
        if len(mine) > _MOST_ROWS:
            kept.append({"source": source, "drift": f"and {len(mine) - _MOST_ROWS} more, see --json"})
    return kept


def _row(name: str, newest: RunRecord, before: Sequence[RunRecord], runs: Sequence[RunRecord]) -> dict[str, Any]:
    kind, _, field = name.partition(":")
    events = newest.drift.get(name, 0)
    now = _share(name, [newest])
    earlier = _share(name, before) if before else None
    return {
        "source": newest.source,
        "drift": kind,
        "field": field,
        "change": _change(kind, now, earlier),
        "first_seen": format_instant(min(run.interval_start for run in runs if run.drift.get(name))),
        "events": events,
        "share": now,
        "before": earlier,
    }


def _change(kind: str, now: float, before: float | None) -> str | None:
    if not before:
        return "begins" if now and (before is not None or kind in _NEWS_AT_FIRST) else None
    if abs(now - before) < LEAST_MOVE:
        return None
    return "ends" if not now else "rises" if now > before else "falls"


def _share(name: str, runs: Sequence[RunRecord]) -> float:
    units = sum(run.records + run.extra_events for run in runs)
    return round(sum(run.drift.get(name, 0) for run in runs) / units, 6) if units else 0.0


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.1%}"
