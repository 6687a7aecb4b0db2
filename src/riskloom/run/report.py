"""What a run did, step by step, for people and for machines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from riskloom.intervals import Interval
    from riskloom.lake.ops import RunRecord
    from riskloom.plan import Step


class Progress(Protocol):
    """Told as each step starts and ends."""

    def started(self, number: int, total: int, step: Step) -> None:
        """Say that a step starts."""

    def done(self, step: Step, detail: str, seconds: float) -> None:
        """Say that a step ended well."""

    def failed(self, step: Step) -> None:
        """Say that a step ended in an error, which follows."""


@dataclass(kw_only=True)
class RunReport:
    """What a run did.

    Attributes:
        run_id: Identifies the run in every table that it wrote.
        sources: The line of ``ops.runs`` of each source.
        replays: The line of ``ops.runs`` of each interval that was replayed.
        pages: The Data Docs page of each source that has a suite.
        warnings: Expectations of severity warning that failed, by source.
        views: Of each view ``gold_version``, ``rows``, ``changed``, ``watermark``, and once materialized ``entities``.
        registered: Names of what Feast was told, by kind.
    """

    run_id: str
    sources: dict[str, RunRecord] = field(default_factory=dict)
    replays: dict[Interval, RunRecord] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    registered: dict[str, Any] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """Write the report as JSON-ready data."""
        return {
            "run_id": self.run_id,
            "sources": {name: record.as_data() for name, record in self.sources.items()},
            "replays": [record.as_data() for record in self.replays.values()],
            "data_docs": self.pages,
            "warnings": {name: list(failed) for name, failed in self.warnings.items()},
            "views": self.views,
            "registered": self.registered,
        }
