"""What Riskloom records of itself: runs and their counts, and how far each view has come."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

from riskloom import intervals
from riskloom.errors import AccountingError
from riskloom.lake import tables

if TYPE_CHECKING:
    import pyarrow as pa

    from riskloom.lake.paths import Lake

RUNS, VIEWS = "runs", "views"
_LINE_KINDS = ("record", "continuation", "blank", "header", "ignored")
_UNIT_KINDS = ("published", "duplicates", "quarantined", "held")


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One run of one source: a line of ``ops.runs``.

    Times are microseconds since the epoch. ``published`` counts the events of this input that stand in
    silver after the run, whichever run wrote them; ``changed`` counts rows that this run wrote or deleted;
    ``drift`` counts what fields were otherwise than declared, by kind and field. A replay's line counts the
    quarantined lines that it loaded again, and what they had become before.

    Example:
        >>> RunRecord(run_id="r", source="s", interval_start=0, interval_end=1, lines_in=2, record=1).check()
        Traceback (most recent call last):
            ...
        riskloom.errors.lake.AccountingError: source 's': lines_in = 2, but record + continuation + blank + header + \
ignored = 1 (1 less). Nothing of this run is recorded as passed; run it again, and report it if it stays.
    """

    run_id: str
    source: str
    interval_start: int
    interval_end: int
    started_ts: int = 0
    ended_ts: int = 0
    status: Literal["passed", "held", "failed"] = "passed"
    lines_in: int = 0
    record: int = 0
    continuation: int = 0
    blank: int = 0
    header: int = 0
    ignored: int = 0
    ignored_rules: dict[str, int] = field(default_factory=dict)
    records: int = 0
    extra_events: int = 0
    published: int = 0
    duplicates: int = 0
    quarantined: int = 0
    held: int = 0
    changed: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    drift: dict[str, int] = field(default_factory=dict)
    silver_version: int | None = None
    fingerprint: str = ""
    error: str = ""
    kind: Literal["run", "replay"] = "run"
    before: dict[str, int] = field(default_factory=dict)
    reasons_before: dict[str, int] = field(default_factory=dict)

    @property
    def interval(self) -> intervals.Interval:
        """The interval that the run worked on."""
        return intervals.Interval(self.interval_start, self.interval_end)

    def check(self) -> None:
        """Check the two sums.

        Raises:
            AccountingError: A sum is off.
        """
        check_sums(f"source {self.source!r}", asdict(self))

    def as_data(self) -> dict[str, Any]:
        """Write the record as JSON-ready data."""
        return asdict(self)


def check_sums(place: str, counts: dict[str, Any]) -> None:
    """Check that lines and records are each accounted for.

    Args:
        place: What was counted, for the error.
        counts: The counts by name, as ``RunRecord`` has them.

    Raises:
        AccountingError: A sum is off, or ``record`` differs from ``records``.
    """
    sums = (
        (("lines_in",), _LINE_KINDS),
        (("record",), ("records",)),
        (("records", "extra_events"), _UNIT_KINDS),
    )
    for left, right in sums:
        total, found = sum(counts[name] for name in left), sum(counts[name] for name in right)
        if total != found:
            raise AccountingError.off(place, " + ".join(left), total, " + ".join(right), found)


def append_run(lake: Lake, record: RunRecord) -> int:
    """Add a run to ``ops.runs``, and give the version of the table."""
    return tables.append(lake.ops(RUNS), _to_table(record), widen=True)


def runs(lake: Lake) -> list[RunRecord]:
    """Read all runs, oldest first; none where none is recorded."""
    path = lake.ops(RUNS)
    if not tables.exists(path):
        return []
    found = [RunRecord(**_from_row(row)) for row in tables.read(path).to_pylist()]
    return sorted(found, key=lambda run: (run.started_ts, run.ended_ts, run.run_id))


def watermark(lake: Lake, source: str) -> int | None:
    """Say up to which instant every interval of a source ran and passed.

    An interval counts where its latest run passed; a replay of some of its lines says nothing of it.

    Returns:
        Microseconds since the epoch; None where none passed.
    """
    latest = {run.interval: run.status for run in runs(lake) if run.source == source and run.kind == "run"}
    return intervals.watermark(interval for interval, status in latest.items() if status == "passed")


@dataclass(frozen=True, kw_only=True)
class ViewRecord:
    """How far a view has come: a line of ``ops.views``.

    Attributes:
        view: Name of the view.
        gold_version: Version of its gold table.
        silver_version: Version of its source's silver table that gold has taken in.
        watermark: Microseconds since the epoch up to which the source is complete; None where it is not yet.
        events: Rows of the gold table.
        run_id: Run that recorded it.
        recorded_ts: When, in microseconds since the epoch.
    """

    view: str
    gold_version: int
    silver_version: int
    watermark: int | None
    events: int
    run_id: str
    recorded_ts: int


def append_view(lake: Lake, record: ViewRecord) -> int:
    """Add a line to ``ops.views``, and give the version of the table."""
    return tables.append(lake.ops(VIEWS), _to_table(record))


def latest_view(lake: Lake, view: str) -> ViewRecord | None:
    """Read the newest line of a view; None where there is none."""
    import pyarrow.compute as pc

    path = lake.ops(VIEWS)
    if not tables.exists(path):
        return None
    rows = tables.read(path, filters=pc.field("view") == view).to_pylist()
    found = [ViewRecord(**_from_row(row)) for row in rows]
    return max(found, key=lambda row: (row.recorded_ts, row.gold_version), default=None)


_INSTANTS = ("interval_start", "interval_end", "started_ts", "ended_ts", "watermark", "recorded_ts")
_MAPPINGS = ("ignored_rules", "reasons", "drift", "before", "reasons_before")
_TEXTS = ("run_id", "source", "status", "fingerprint", "error", "kind", "view")


def _to_table(record: RunRecord | ViewRecord) -> pa.Table:
    import pyarrow as pa

    def arrow_type(name: str) -> pa.DataType:
        if name in _INSTANTS:
            return pa.timestamp("us", "UTC")
        return pa.string() if name in (*_TEXTS, *_MAPPINGS) else pa.int64()

    data = asdict(record)
    row = {name: json.dumps(value, sort_keys=True) if name in _MAPPINGS else value for name, value in data.items()}
    schema = pa.schema([(item.name, arrow_type(item.name)) for item in fields(record)])
    return pa.Table.from_pylist([row], schema=schema)


def _from_row(row: dict[str, Any]) -> dict[str, Any]:
    def plain(name: str, value: object) -> object:
        if name in _MAPPINGS:
            # A table that is older than a mapping has none in its first lines.
            return {} if value is None else json.loads(str(value))
        return intervals.to_micros(value, name) if name in _INSTANTS and value is not None else value

    # Lines that are older than the kind are of ordinary runs.
    return {name: plain(name, value) for name, value in row.items() if (name, value) != ("kind", None)}
