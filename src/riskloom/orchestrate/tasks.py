"""What the tasks do: build a plan for what the run is asked, and execute it.

Each of these may be run again at any time: a plan's steps find what is already there.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from riskloom import plan
from riskloom.errors import (
    AccountingError,
    DeclarationError,
    OrchestrationError,
    PlanError,
    ProjectError,
    StoreError,
    TimeError,
    ValidationFailed,
)
from riskloom.intervals import covering
from riskloom.orchestrate.assets import GOLD, INTERVAL, SILVER, asset, extra, gold_alias, source_of
from riskloom.orchestrate.request import (
    ALL,
    asked_interval,
    asked_replay,
    asked_sources,
    data_interval,
    event_interval,
    triggering,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airflow.sdk import Context

    from riskloom.intervals import Interval
    from riskloom.project import Project
    from riskloom.run import RunReport

INGEST = (plan.Extract.kind, plan.Load.kind, plan.Validate.kind)
REPLAY = (plan.Select.kind, plan.Load.kind, plan.Validate.kind)
# What the same input gives again: a retry would only repeat it.
FINAL = (AccountingError, DeclarationError, OrchestrationError, ProjectError, TimeError, ValidationFailed)
logger = logging.getLogger(__name__)


@contextmanager
def verdicts() -> Iterator[None]:
    """Turn errors into what Airflow does about them: fail without a retry, skip, or retry."""
    try:
        yield
    except PlanError as error:
        raise AirflowSkipException(str(error)) from error
    except FINAL as error:
        raise AirflowFailException(f"{type(error).__name__}: {error}") from error


@verdicts()
def ingest(project: Project, source: str, context: Context) -> None:
    """Bring a source's interval from raw files to silver, in one session, and announce it; or replay quarantined lines.

    Raises:
        AirflowSkipException: The source holds nothing of the interval, or there is nothing to replay.
        AirflowFailException: A critical expectation failed; the text names the Data Docs page.
    """
    todo = _replay(project, source, context) or _of_files(project, source, context)
    report = _execute(project, todo)
    record = report.sources.get(source) or list(report.replays.values())[-1]
    for expectation in report.warnings.get(source, ()):
        logger.warning("%s: %s", source, expectation)
    logger.info("Data Docs: %s", report.pages.get(source, "the source has no suite"))
    table = asset(project, SILVER, source)
    context["outlet_events"][table].extra = extra(todo.intervals[source], record.silver_version)


@verdicts()
def aggregate(project: Project, dag: str, context: Context) -> dict[str, dict[str, Any]]:
    """Bring the gold tables that read the changed sources up to date.

    Returns:
        What to announce of each view.
    """
    asked = _by_source(project, dag, context)
    todo = plan.build(project, asked, sources=list(asked), kinds=[plan.Aggregate.kind])
    report = _execute(project, todo)
    return {
        name: extra(todo.intervals[project.view(name).source.name], done["gold_version"])
        for name, done in report.views.items()
        if done["gold_version"] is not None
    }


@verdicts()
def register(project: Project, views: Mapping[str, Mapping[str, Any]], context: Context) -> None:
    """Tell Feast what the project declares, then announce the gold tables."""
    if not views:
        raise AirflowSkipException("no view reads what has changed")
    intervals = {source_of(project, f"{GOLD}.{name}"): event_interval(name, said) for name, said in views.items()}
    _execute(project, plan.build(project, intervals, sources=list(intervals), kinds=[plan.Register.kind]))
    events = context["outlet_events"][gold_alias(project)]
    for name, said in views.items():
        events.add(asset(project, GOLD, name), extra=dict(said))


@verdicts()
def materialize(project: Project, dag: str, context: Context) -> None:
    """Write the online states of the views that have changed."""
    asked = _by_source(project, dag, context)
    _execute(project, plan.build(project, asked, sources=list(asked), kinds=[plan.Materialize.kind]))


@verdicts()
def compare_parity(project: Project, service: str, sample: int, threshold: float, *, served: bool = False) -> None:
    """Compare what is served of a service, or what was, with its training set.

    Raises:
        AirflowFailException: More than the threshold differs.
        AirflowSkipException: No server has kept anything of the service.
    """
    from riskloom.store.parity.compare import parity
    from riskloom.store.parity.served import parity_served

    try:
        done = (parity_served if served else parity)(project, service, sample=sample)
    except StoreError as error:
        if error.nothing:
            raise AirflowSkipException(str(error)) from error
        raise
    logger.info("%s", done.as_text())
    if done.share > threshold:
        raise AirflowFailException(f"{done.share:.4%} of the values of {service} differ from its training set")


@verdicts()
def write_training_set(project: Project, service: str, dag: str, context: Context) -> dict[str, str]:
    """Build a service's training set over what has changed, and say where it is.

    Raises:
        AirflowSkipException: The service reads nothing that has changed.
    """
    from riskloom.run.training_sets import write_training_set as write

    read = {view.source.name for view, _ in project.service_features(service)}
    intervals = [interval for source, interval in _by_source(project, dag, context).items() if source in read]
    if not intervals:
        raise AirflowSkipException(f"service {service!r} reads nothing that has changed")
    interval = covering(intervals)
    path = write(project, service, interval)
    logger.info("training set of %s, %s: %s", service, interval, path)
    return {INTERVAL: str(interval), "path": str(path)}


def _execute(project: Project, todo: plan.Plan) -> RunReport:
    from riskloom.run import execute

    return execute(project, todo, progress=_Log())


class _Log:
    """Writes a run's progress to the task's log."""

    def started(self, number: int, total: int, step: plan.Step) -> None:
        logger.info("%d/%d %s %s", number, total, step.kind, step.subject)

    def done(self, step: plan.Step, detail: str, seconds: float) -> None:
        logger.info("%s %s: %s (%.1f s)", step.kind, step.subject, detail, seconds)

    def failed(self, step: plan.Step) -> None:
        logger.error("%s %s failed", step.kind, step.subject)


def _of_source(source: str, context: Context) -> Interval:
    """Give what a source's run is asked: its configuration goes before its data interval."""
    asked = asked_interval(source, context["params"]) or data_interval(context)
    if asked is None:
        raise OrchestrationError.no_interval(source)
    return asked


def _of_files(project: Project, source: str, context: Context) -> plan.Plan:
    interval = _of_source(source, context)
    todo = plan.build(project, interval, sources=[source], kinds=INGEST)
    _wait_for_files(project, source, interval)
    return todo


def _replay(project: Project, source: str, context: Context) -> plan.Plan | None:
    """Plan the replay that a run's configuration asks for; None where it asks for none."""
    asked = asked_interval(source, context["params"])
    reason = asked_replay(source, context["params"])
    if reason is None:
        return None
    from riskloom.run.replay import plan_replay

    todo = plan_replay(project, source, None if reason == ALL else reason, asked, kinds=REPLAY)
    for note in todo.notes:
        logger.info("left out: %s", note)
    if not todo.steps:
        raise AirflowSkipException(todo.notes[0])
    return todo


def _by_source(project: Project, dag: str, context: Context) -> dict[str, Interval]:
    """Give the stretch of each source that a run works on: its configuration goes before its asset events."""
    params = context["params"]
    asked, sources = asked_interval(dag, params), asked_sources(dag, params)
    for name in sources or ():
        project.source(name)
    if asked is not None:
        return dict.fromkeys(sources or project.sources, asked)
    said = triggering(context)
    if not said:
        raise OrchestrationError.no_interval(dag)
    grouped: dict[str, list[Interval]] = {}
    for name, interval in said.items():
        grouped.setdefault(source_of(project, name), []).append(interval)
    wanted = sources or grouped
    return {source: covering(intervals) for source, intervals in grouped.items() if source in wanted}


def _wait_for_files(project: Project, source: str, interval: Interval) -> None:
    """Skip an interval of which no file has come: a run over nothing would count it as done."""
    from riskloom.extract.files import span

    held = span(project, project.source(source))
    if held is not None and not interval.overlaps(held):
        raise AirflowSkipException(
            f"nothing to do for {interval}: the files of {source!r} hold {held}. Run it again when more have come."
        )
