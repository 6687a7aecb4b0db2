"""What the report tells of the tables: from their logs and from ``ops`` alone, so that its cost is not theirs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from riskloom.intervals import format_instant, to_micros
from riskloom.lake import ops, tables, validations
from riskloom.lake.paths import Lake
from riskloom.lake.standing import standing

if TYPE_CHECKING:
    from riskloom.project import Project

MOST_GATES = 40
_COLUMNS = ("run_id", "source", "severity", "success", "recorded_ts")
CRITICAL = "critical"


@dataclass(frozen=True, kw_only=True)
class Gate:
    """How one gate of a source ended.

    Attributes:
        source: The source.
        at: When, in microseconds since the epoch.
        checks: How many checks there were.
        failed: Critical ones that failed.
        warned: Others that failed.
    """

    source: str
    at: int
    checks: int
    failed: int
    warned: int

    @property
    def outcome(self) -> str:
        """``passed``, ``warned`` or ``failed``."""
        if self.failed:
            return "failed"
        return "warned" if self.warned else "passed"

    def __str__(self) -> str:
        """Say it in a line.

        Example:
            >>> str(Gate(source="orders", at=0, checks=5, failed=0, warned=1))
            '1970-01-01T00:00:00Z: warned, 5 checks, 0 failed, 1 warned'
        """
        counts = f"{self.checks} checks, {self.failed} failed, {self.warned} warned"
        return f"{format_instant(self.at)}: {self.outcome}, {counts}"


def gates(lake: Lake) -> dict[str, list[Gate]]:
    """Give the newest gates of each source, oldest first."""
    path = lake.ops(validations.TABLE)
    if not tables.exists(path):
        return {}
    checks: dict[tuple[str, int, str], list[dict[str, Any]]] = defaultdict(list)
    for row in tables.read(path, _COLUMNS).to_pylist():
        checks[row["source"], to_micros(row["recorded_ts"], "recorded_ts"), row["run_id"]].append(row)
    found: dict[str, list[Gate]] = defaultdict(list)
    for (source, at, _), rows in sorted(checks.items()):
        wrong = [row["severity"] == CRITICAL for row in rows if not row["success"]]
        found[source].append(
            Gate(source=source, at=at, checks=len(rows), failed=sum(wrong), warned=len(wrong) - sum(wrong))
        )
    return {source: some[-MOST_GATES:] for source, some in found.items()}


def quarantined(project: Project) -> dict[str, dict[str, int]]:
    """Count what stands in quarantine by source and reason, as the newest runs counted it."""
    lake = Lake(project.settings.lake)
    latest = standing(ops.runs(lake))
    return {name: dict(latest[name].reasons) for name in project.sources if name in latest and latest[name].reasons}


def drifted(status: dict[str, Any]) -> list[dict[str, Any]]:
    """Give what has changed in fields, for people."""
    return [{**row, "share": f"{row['share']:.1%}"} for row in status["drift"]]
