"""One source's way from files to published events, with its line in ``ops.runs``."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pyspark.errors import PySparkException

from riskloom.errors import ExtractError, RiskloomError
from riskloom.extract.bronze import extract
from riskloom.extract.erase import take_out
from riskloom.extract.load import load
from riskloom.extract.publish import publish
from riskloom.extract.told import told
from riskloom.lake import ops
from riskloom.lake.erasures import GONE
from riskloom.lake.paths import Lake
from riskloom.lake.races import first_line
from riskloom.plan.fingerprint import source_fingerprint
from riskloom.plan.steps import counted
from riskloom.project import TRANSFORMS
from riskloom.quality.gate import gate

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

    from riskloom.declare import EventSource
    from riskloom.extract.bronze import Extracted
    from riskloom.extract.load import Loaded
    from riskloom.intervals import Interval
    from riskloom.project import Project

logger = logging.getLogger(__name__)
Status = Literal["passed", "held", "failed"]


class SourceRun:
    """A run of one source over one interval; its steps are called in order."""

    kind: ClassVar[Literal["run", "replay"]] = "run"

    def __init__(
        self, spark: SparkSession, project: Project, source: EventSource, interval: Interval, run_id: str
    ) -> None:
        """Begin a run; nothing is read yet."""
        self._spark, self._project, self._source, self._interval, self._run_id = (
            spark,
            project,
            source,
            interval,
            run_id,
        )
        self._lake = Lake(project.settings.lake)
        self._started = time.time_ns() // 1_000
        self._extracted: Extracted | None = None
        self._loaded: Loaded | None = None
        self.record: ops.RunRecord | None = None
        self.page: Path | None = None
        self.warnings: tuple[str, ...] = ()

    def extract(self) -> str:
        """Append the raw lines of new files to bronze."""
        self._extracted = extract(self._spark, self._project, self._source, self._interval, self._run_id)
        done = self._extracted
        return f"{done.lines:,} lines in {counted(len(done.files), 'file')}, {done.new_files} new"

    def load(self) -> str:
        """Turn the lines into staged events and rejects."""
        extracted = self._extracted
        assert extracted is not None, "a plan with load has extract before it"  # noqa: S101 - held by plan.build
        self._loaded = load(self._spark, self._project, self._source, extracted, self._run_id)
        if set(GONE).intersection(self._loaded.counts.totals()["reasons"]):
            # Lines of somebody who was erased came in again: they leave bronze too, as they did before.
            take_out(self._source, self._lake.bronze(self._source.name), self._loaded.rejects_path)
            self._loaded = load(self._spark, self._project, self._source, extracted, self._run_id)
        counts = self._loaded.counts.totals()
        return f"{counts['records']:,} records, {counts['extra_events']:,} extra events"

    def validate(self) -> str:
        """Check what is staged, publish it or hold it back, and write the run's line.

        Raises:
            ValidationFailed: A critical expectation failed; silver is as it was.
            AccountingError: A sum is off.
        """
        loaded = self._loaded
        assert loaded is not None, "a plan with validate has load before it"  # noqa: S101 - held by plan.build
        found = gate(self._project, self._source, self._staged(loaded), self._run_id, self._interval)
        self.page = found.page
        self.warnings = tuple(str(check) for check in found.warnings)
        before = self._before(loaded)
        done = publish(self._spark, self._project, self._source, loaded, found.passed, self._run_id)
        record = self._line("passed" if found.passed else "held", **(_counts(loaded) | asdict(done) | before))
        record.check()
        self._write(record)
        found.require()
        return f"{done.published:,} published, {done.quarantined:,} quarantined, {done.changed:,} changed"

    def _staged(self, loaded: Loaded) -> DataFrame:
        """Give the events that the gate looks at."""
        return self._spark.read.parquet(str(loaded.events_path))

    def _before(self, loaded: Loaded) -> dict[str, Any]:  # noqa: ARG002 - a replay's has a use for it
        """Give what the run's line says of the lines' former outcome."""
        return {}

    def failed(self, error: Exception) -> Exception:
        """Write the line of a run that ended in an error, unless its line is written already.

        Returns:
            The error to raise: one of Spark's, which may quote a row, in words that do not.
        """
        said = error
        if isinstance(error, PySparkException):
            said = ExtractError.spark_failed(self._source.name, told(error))
        if self.record is not None:
            return said
        try:
            self._write(self._line("failed", error=f"{type(said).__name__}: {said}"))
        except (RiskloomError, OSError) as another:
            # What ended the run may prevent its record too, as a full disk does: the run's own error is told.
            logger.warning("the failed run of %s is not recorded: %s", self._source.name, first_line(another))
        return said

    def _line(self, status: Status, **counts: Any) -> ops.RunRecord:  # noqa: ANN401 - the fields of the record
        module = self._source.transform.partition(":")[0]
        transform = self._project.root / TRANSFORMS / f"{module}.py" if module else None
        return ops.RunRecord(
            run_id=self._run_id,
            source=self._source.name,
            interval_start=self._interval.start,
            interval_end=self._interval.end,
            started_ts=self._started,
            ended_ts=time.time_ns() // 1_000,
            status=status,
            fingerprint=source_fingerprint(self._source, transform),
            kind=self.kind,
            **counts,
        )

    def _write(self, record: ops.RunRecord) -> None:
        ops.append_run(self._lake, record)
        self.record = record


def _counts(loaded: Loaded) -> dict[str, Any]:
    """Give the counts of a load that a run's line has too; what was published is counted in the tables."""
    own = {item.name for item in fields(ops.RunRecord)}
    return {name: value for name, value in loaded.counts.totals().items() if name in own}
