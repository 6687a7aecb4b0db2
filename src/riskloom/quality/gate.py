"""Gate: a staged batch against its suite; what is critical decides whether it is published."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING

from riskloom.lake.commits import committed
from riskloom.lake.paths import Lake
from riskloom.quality.known import parameters, with_references
from riskloom.quality.ledger import record
from riskloom.quality.result import GateResult
from riskloom.quality.site import context_folder, write_index

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pyspark.sql import DataFrame

    from riskloom.declare import EventSource
    from riskloom.intervals import Interval
    from riskloom.project import Project


def gate(project: Project, source: EventSource, events: DataFrame, run_id: str, interval: Interval) -> GateResult:
    """Check a staged batch, keep the outcome in ``ops.validations`` and render its page of Data Docs.

    A batch without rows meets every expectation about its columns' values, since no row breaks one; those about the
    table, such as the number of rows, are evaluated.

    Args:
        project: The project; its state folder holds Data Docs.
        source: Source of the batch.
        events: The staged events, with the columns of silver.
        run_id: The run, for Data Docs and the table.
        interval: Interval of the run.

    Returns:
        The verdict; its ``require()`` raises where a critical expectation failed. A source without a suite passes.

    Raises:
        DeclarationError: The suite names an expectation, an argument or a column that does not exist.
    """
    suite = project.suite(source.name)
    if suite is None:
        return GateResult(source=source.name, interval=interval, passed=True)
    from riskloom.quality import checkpoint

    lake = Lake(project.settings.lake)
    folder = context_folder(project.settings.state, source.name)
    with _alone(folder):
        known = with_references(lake, suite, events)
        checks, page = checkpoint.run(folder, suite, known, run_id, parameters(lake, source, interval))
        write_index(project.settings.state)
    committed(f"data_docs.{source.name}", run_id)
    passed = all(check.success for check in checks if check.severity == "critical")
    result = GateResult(source=source.name, interval=interval, passed=passed, checks=checks, page=page)
    record(lake, result, run_id)
    return result


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one gate at a time write a source's context; the lock ends with its process."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
