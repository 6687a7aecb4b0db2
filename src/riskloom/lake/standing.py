"""How a source's newest interval stands: its run's counts, with the replays that came after."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from riskloom.lake.ops import RunRecord

_ADDED = ("blank", "header", "ignored", "duplicates")


def standing(runs: Iterable[RunRecord]) -> dict[str, RunRecord]:
    """Give each source's newest run, with what replays of its interval have changed since.

    Args:
        runs: All runs, oldest first.

    Returns:
        Lines by source; both sums hold for each of them.
    """
    found: dict[str, RunRecord] = {}
    for run in runs:
        if run.kind == "run":
            found[run.source] = run
        elif run.status == "passed" and run.source in found and found[run.source].interval == run.interval:
            found[run.source] = amended(found[run.source], run)
    return found


def amended(run: RunRecord, replay: RunRecord) -> RunRecord:
    """Give a run's counts as they would be, had it read the replayed lines as the replay did.

    Example:
        >>> from riskloom.lake.ops import RunRecord
        >>> span = {"source": "s", "interval_start": 0, "interval_end": 1}
        >>> lines = {"lines_in": 5, "record": 5, "records": 5, "published": 3, "quarantined": 2, "reasons": {"bad": 2}}
        >>> again = {"lines_in": 2, "record": 2, "records": 2, "published": 1, "quarantined": 1, "reasons": {"bad": 1}}
        >>> before = {"records": 2, "published": 0, "quarantined": 2}
        >>> replay = RunRecord(run_id="b", kind="replay", before=before, reasons_before={"bad": 2}, **again, **span)
        >>> now = amended(RunRecord(run_id="a", **lines, **span), replay)
        >>> now.published, now.quarantined, now.reasons
        (4, 1, {'bad': 1})
    """
    was = replay.before
    extra_before = was["published"] + was["quarantined"] - was["records"]
    reasons = Counter(run.reasons)
    reasons.subtract(replay.reasons_before)
    reasons.update(replay.reasons)
    counts = {
        **{name: getattr(run, name) + getattr(replay, name) for name in _ADDED},
        "record": run.record - was["records"] + replay.record,
        "continuation": run.continuation - (replay.lines_in - was["records"]) + replay.continuation,
        "records": run.records - was["records"] + replay.records,
        "extra_events": run.extra_events - extra_before + replay.extra_events,
        "published": run.published - was["published"] + replay.published,
        "quarantined": run.quarantined - was["quarantined"] + replay.quarantined,
    }
    rules = dict(Counter(run.ignored_rules) + Counter(replay.ignored_rules))
    kept = {reason: count for reason, count in reasons.items() if count > 0}
    return replace(run, ignored_rules=rules, reasons=kept, silver_version=replay.silver_version, **counts)


def amends(runs: Iterable[RunRecord], source: str) -> list[RunRecord]:
    """Give the runs that published or held a source's events, newest first: those that a replay can amend."""
    return [run for run in runs if run.source == source and run.kind == "run" and run.status != "failed"][::-1]
