"""Execute a plan: walk its steps in order on one session, and keep the accounts.

A step fails loudly. What it had committed by then stays, and is found unchanged by
the next run: every commit is either a comparison with what is there or carries an
identity of its own, so a run that was killed anywhere is finished by running it again.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, assert_never

from riskloom.lake.faults import refused
from riskloom.lake.ops import RUNS, VIEWS
from riskloom.lake.paths import LAYERS, Lake
from riskloom.lake.retention import keep_versions
from riskloom.lake.validations import TABLE as VALIDATIONS
from riskloom.plan.steps import Aggregate, Extract, Load, Materialize, Register, Select, Validate
from riskloom.run.report import Progress, RunReport

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

    from riskloom.intervals import Interval
    from riskloom.plan import Plan, Step
    from riskloom.project import Project
    from riskloom.run.spark.source import SourceRun


def execute(project: Project, plan: Plan, progress: Progress | None = None) -> RunReport:
    """Run exactly the steps of a plan.

    Args:
        project: What is declared.
        plan: What ``riskloom.plan.build`` gave.
        progress: Told as each step starts and ends.

    Returns:
        What was done.

    Raises:
        ValidationFailed: A critical expectation failed; nothing of that source was published.
        AccountingError: A run's sums are off.
        RiskloomError: A step was refused; the message says where and what to do.
    """
    walk = _Walk(project)
    for table in _tables(project, plan):
        keep_versions(table, project.settings.retention)
    for number, step in enumerate(plan.steps, start=1):
        if progress:
            progress.started(number, len(plan.steps), step)
        begun = time.monotonic()
        try:
            detail = walk.attempt(step)
        except Exception:
            if progress:
                progress.failed(step)
            raise
        if progress:
            progress.done(step, detail, time.monotonic() - begun)
    # Those that a first run makes have nothing of it: they are made row by row, without a session.
    for name in (RUNS, VIEWS, VALIDATIONS):
        keep_versions(walk.lake.ops(name), project.settings.retention)
    return walk.report


def _tables(project: Project, plan: Plan) -> list[Path]:
    """Name the tables of a plan, and those that features are read from as they are."""
    lake = Lake(project.settings.lake)
    sources = dict.fromkeys(step.source for step in plan.steps if isinstance(step, Extract | Select))
    views = [step.view for step in plan.steps if isinstance(step, Aggregate)]
    given = project.batch_views.values() if any(isinstance(step, Register) for step in plan.steps) else ()
    return [
        *(layer(source) for source in sources for layer in (lake.bronze, lake.silver, lake.quarantine)),
        *(lake.gold(view) for view in views),
        *(project.batch_table(view) for view in given),
    ]


class _Walk:
    """The state that steps of one run hand to each other."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self.lake = Lake(project.settings.lake)
        self._sources: dict[tuple[str, Interval], SourceRun] = {}
        self.report = RunReport(run_id=uuid.uuid4().hex)

    @property
    def _spark(self) -> SparkSession:
        from riskloom.lake.spark.session import session

        return session(self._project)

    def attempt(self, step: Step) -> str:
        """Run one step; where it is the operating system that refuses something, say so in one line."""
        try:
            return self.run(step)
        except Exception as error:
            told = refused(error, self.lake, self._place(step))
            if told is None:
                raise
            raise told from error

    def _place(self, step: Step) -> Path:
        """Give the folder of what a step writes first; the registry and the online store have settings of their own."""
        layer, _, name = step.writes[0].partition(".")
        return self.lake.root / layer / name if layer in LAYERS else self._project.settings.state

    def run(self, step: Step) -> str:
        """Run one step and say in a few words what it did."""
        match step:
            case Extract() | Select() | Load() | Validate():
                return self._ingest(step)
            case Aggregate():
                return self._aggregate(step)
            case Register():
                return self._register()
            case Materialize():
                return self._materialize(step)
            case _:
                assert_never(step)

    def _source(self, step: Extract | Select | Load | Validate) -> SourceRun:
        key = step.source, step.interval
        if key not in self._sources:
            source = self._project.source(step.source)
            arguments = self._spark, self._project, source, step.interval, self.report.run_id
            if isinstance(step, Select):
                from riskloom.run.spark.replay import ReplayRun

                self._sources[key] = ReplayRun(*arguments, step.reason)
            else:
                from riskloom.run.spark.source import SourceRun

                self._sources[key] = SourceRun(*arguments)
        return self._sources[key]

    def _ingest(self, step: Extract | Select | Load | Validate) -> str:
        run = self._source(step)
        try:
            match step:
                case Extract() | Select():
                    return run.extract()
                case Load():
                    return run.load()
                case Validate():
                    return run.validate()
        except Exception as error:
            said = run.failed(error)
            if said is error:
                raise
            raise said from None
        finally:
            self._report(step.source, run)

    def _report(self, source: str, run: SourceRun) -> None:
        if run.record is not None and run.record.kind == "replay":
            self.report.replays[run.record.interval] = run.record
        elif run.record is not None:
            self.report.sources[source] = run.record
        if run.page is not None:
            self.report.pages[source] = str(run.page)
        if run.warnings:
            self.report.warnings[source] = run.warnings

    def _aggregate(self, step: Aggregate) -> str:
        from riskloom.lake.spark.tasks import OnSpark
        from riskloom.run.aggregate import aggregate

        view = self._project.view(step.view)
        done = aggregate(OnSpark(self._spark), self.lake, view, self.report.run_id, self._project.settings.retention)
        self.report.views[step.view] = done.as_data()
        return f"{done.rows:,} events, {done.changed:,} changed"

    def _register(self) -> str:
        from riskloom.store.register import register

        self.report.registered = register(self._project)
        return ", ".join(f"{kind}: {len(names)}" for kind, names in self.report.registered.items())

    def _materialize(self, step: Materialize) -> str:
        from riskloom.store.materialize import materialize

        entities = materialize(self._project, [step.view], full=step.full)[step.view]
        self.report.views.setdefault(step.view, {})["entities"] = entities
        return f"{entities:,} entities{', all anew' if step.full else ''}"
