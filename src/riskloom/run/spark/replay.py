"""One interval's quarantined lines on their way through load, gate and publish again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from riskloom.extract import scopes
from riskloom.extract.again import PLACE
from riskloom.lake import tables
from riskloom.plan.steps import counted
from riskloom.run.replay import found
from riskloom.run.spark.source import SourceRun

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from riskloom.declare import EventSource
    from riskloom.extract.load import Loaded
    from riskloom.intervals import Interval
    from riskloom.project import Project


class ReplayRun(SourceRun):
    """A replay of one source's quarantined lines, those of one interval."""

    kind: ClassVar[Literal["run", "replay"]] = "replay"

    def __init__(
        self,
        spark: SparkSession,
        project: Project,
        source: EventSource,
        interval: Interval,
        run_id: str,
        reason: str | None,
    ) -> None:
        """Begin a replay; nothing is read yet."""
        super().__init__(spark, project, source, interval, run_id)
        self._reason = reason

    def extract(self) -> str:
        """Choose the lines, which bronze has."""
        lines = found(self._project, self._source.name, self._reason)
        self._extracted = lines.quarantined.extracted(lines.places.get(self._interval, []))
        return f"{counted(self._extracted.lines, 'line')} in {counted(len(self._extracted.files), 'file')}"

    def _staged(self, loaded: Loaded) -> DataFrame:
        """Give all events of the interval as they would stand: expectations speak of those, not of a few lines."""
        staged = super()._staged(loaded)
        silver = self._lake.silver(self._source.name)
        if not tables.exists(silver):
            return staged
        hashes = found(self._project, self._source.name, self._reason).contents.get(self._interval, ())
        standing = self._spark.read.format("delta").load(str(silver))
        rest = standing.where(standing.file_hash.isin(*hashes)).join(self._scope(loaded), list(PLACE), "left_anti")
        return rest.select(*staged.columns).join(staged, "event_id", "left_anti").unionByName(staged)

    def _before(self, loaded: Loaded) -> dict[str, Any]:
        counts, reasons = scopes.before(self._spark, self._lake, self._source.name, self._scope(loaded))
        return {"before": counts, "reasons_before": reasons}

    def _scope(self, loaded: Loaded) -> DataFrame:
        return self._spark.read.parquet(str(loaded.scope_path))
