"""Writes a view's states and then its mark, so that the view is in service all the while."""

from __future__ import annotations

import secrets
import zlib
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from riskloom.errors import StoreError
from riskloom.intervals import to_datetime
from riskloom.lake import ops, tables
from riskloom.lake.bucketed.table import snapshot
from riskloom.lake.commits import committed
from riskloom.lake.paths import Lake
from riskloom.store.carry import carry, expire
from riskloom.store.changed import changed_keys, distinct_keys
from riskloom.store.inner.open import Place
from riskloom.store.point_in_time import EVENT_TS, event_columns, read_events
from riskloom.store.size import choose_for_table, spark_tasks
from riskloom.store.state import NEVER, Mark
from riskloom.store.work import Span, Work, check, in_pieces, send, write_piece

if TYPE_CHECKING:
    from pathlib import Path

    from feast import FeatureView, RepoConfig
    from feast.infra.registry.base_registry import BaseRegistry

    from riskloom.settings import Settings
    from riskloom.store.evaluate import Plan
    from riskloom.store.online import RiskloomOnlineStore
    from riskloom.store.source import DeltaSource
    from riskloom.store.views import Views


@dataclass(frozen=True, slots=True)
class _Job:
    """One materialization of one view.

    Attributes:
        views: The store.
        plan: The view.
        old: The mark that stands.
        work: What is written, and how.
        keys: Whose states are written; None for all, into a build of their own.
    """

    views: Views
    plan: Plan
    old: Mark
    work: Work
    keys: pa.Table | None

    @property
    def name(self) -> str:
        """The view's name."""
        return self.plan.view.name

    def check(self) -> None:
        """Stop where a later materialization has begun."""
        check(self.views, self.name, self.work.begun)

    def send(self, runner: str, settings: Settings | None) -> int:
        """Write the states, by tasks where the table is large and they can reach the store; give how many there are."""
        work, version = self.work, self.work.span.version
        pieces = in_pieces(work.path, version, self.keys)
        if self.views.states.shared and pieces[1:]:
            choice = choose_for_table(runner, work.path, version, event_columns(self.plan.view))
            if choice.runner == "spark":
                return sum(spark_tasks(settings).map(partial(write_piece, work), pieces))
        return send(work, self.views, pieces)

    def carry(self) -> None:
        """Bring what was pushed into the build that serves into one that shall take its place."""
        if self.keys is None and self.old.generation and self._same_keys():
            work = self.work
            span, slots = (work.since, work.span.end, work.span.version), (self.old.slot, work.slot)
            carry(self.views.states, self.plan, work.path, span, work.span.watermark, slots)

    def _same_keys(self) -> bool:
        return self.views.serving(self.plan, self.old).view.partition_keys == self.plan.view.partition_keys


def write_view(
    config: RepoConfig,
    store: RiskloomOnlineStore,
    table: FeatureView,
    until: int | None,
    *,
    full: bool = False,
    runner: str = "auto",
    settings: Settings | None = None,
) -> Mark:
    """Write the states of the entities whose events changed since the last materialized version, then the mark.

    Where that can't be told, or the declaration is another one, all states are written beside those that serve, and the
    mark switches. What an earlier materialization took in stays in, whatever ``until`` is.

    Args:
        config: The repository's configuration.
        store: The online store.
        table: The Feast view.
        until: Microseconds since the epoch up to which events are taken; None for all there are.
        full: Write all states anew.
        runner: Who writes the states: this process (``in_process``), tasks of Spark's executors (``spark``), or what
            the size of the table asks for (``auto``). SQLite's file is written by this process alone.
        settings: Whose options a Spark session is started with.

    Returns:
        The mark as it stands now. A view without events and without a completed interval keeps its own.

    Raises:
        StoreError: The view has no table, what the store holds is damaged, or a later materialization began.
    """
    source: DeltaSource = table.batch_source
    plan, path, views = store.plan_of(table), source.path(config), store.views(config)
    old = views.read_mark(table.name) or Mark(declaration=plan.declaration)
    span = _span(table.name, path, old, until)
    if span is None:
        return old
    place = Place.of(config)
    job = _begin(views, plan, old, _Wanted(place, source.configuration, path, span), full=full)
    written = job.send(runner, settings)
    job.carry()
    return _complete(job, written)


class _Wanted(NamedTuple):
    """What is wanted of a materialization that has not begun."""

    place: Place
    configuration: bytes
    path: Path
    span: Span


def _begin(views: Views, plan: Plan, old: Mark, wanted: _Wanted, *, full: bool) -> _Job:
    name, span = plan.view.name, wanted.span
    keys = None if full else _changed(plan, wanted.path, old, span)
    begun = replace(old, attempt=old.attempt + 1, owner=secrets.randbits(64))
    if keys is None:
        begun = replace(begun, spare=begun.attempt)
    views.write_mark(name, begun)
    slot, cut = (begun.spare, span.watermark) if keys is None else (old.slot, min(span.watermark, old.watermark))
    job = _Job(views, plan, old, Work(*wanted[:3], begun, slot, span, cut), keys)
    job.check()
    if old.spare:
        views.drop_builds(name, [old.spare])
    return job


def _changed(plan: Plan, path: Path, old: Mark, span: Span) -> pa.Table | None:
    """Say whose states are to be written; None for everybody's.

    After a materialization that did not end nobody knows what it wrote, so all is built anew.
    """
    same = (old.declaration, old.origin) == (plan.declaration, span.origin)
    if not (old.generation and old.complete and same and old.version <= span.version):
        return None
    keys = changed_keys(plan.view, path, old.version, span.version)
    if keys is None or span.end <= old.end:
        return keys
    later = distinct_keys(read_events(plan.view, path, old.end, span.end, span.version), keys.column_names)
    return distinct_keys(pa.concat_tables([keys, later], promote_options="permissive"), keys.column_names)


def _complete(job: _Job, entities: int) -> Mark:
    job.check()
    work, span, attempt = job.work, job.work.span, job.work.begun.attempt
    mark = Mark(
        declaration=job.plan.declaration,
        generation=attempt,
        attempt=attempt,
        watermark=span.watermark,
        end=span.end,
        version=span.version,
        entities=entities,
        slot=work.slot,
        spare=job.old.slot if job.keys is None else 0,
        owner=work.begun.owner,
        origin=span.origin,
    )
    job.views.write_declaration(job.name, mark, work.configuration)
    job.views.write_mark(job.name, mark)
    committed(f"online.{job.name}", attempt)
    # What was pushed while the mark moved; those who push look at the mark again, so no more comes after it.
    job.carry()
    expire(job.views.states, job.plan, span.watermark, work.slot)
    if not mark.spare:
        return mark
    job.views.drop_builds(job.name, [mark.spare])
    clean = replace(mark, spare=0)
    job.views.write_mark(job.name, clean)
    return clean


def record(registry: BaseRegistry, project: str, table: FeatureView, mark: Mark, reach: int) -> None:
    """Tell the registry what is materialized, as one interval, and leave the view's lifecycle state alone."""
    if mark.generation == 0:
        return
    view = registry.get_feature_view(table.name, project)
    view.materialization_intervals = [(to_datetime(mark.watermark - reach), to_datetime(mark.watermark))]
    registry.apply_feature_view(view, project, commit=True)
    committed("registry", f"{table.name} materialized")


def _span(view: str, path: Path, old: Mark, until: int | None) -> Span | None:
    # The record before the version: the table then has at least what the record speaks of.
    recorded = ops.latest_view(Lake(path.parent.parent), view)
    version = tables.version(path)
    if version is None:
        raise StoreError.no_table(view, path)
    complete = recorded.watermark if recorded else None
    wanted = _newest(path, version) if until is None else until
    end = max(wanted, old.end, NEVER if until is not None or complete is None else complete)
    if end == NEVER:
        return None
    origin = zlib.crc32(tables.identity(path).encode())
    return Span(version, origin, end, end if complete is None else min(end, complete))


def _newest(path: Path, version: int) -> int:
    """Give the first instant after the newest event; ``NEVER`` where there is none."""
    seen = snapshot(path, version)
    if seen is not None and seen.bucketed:
        return max((file.span[1] + 1 for file in seen.files), default=NEVER)
    times = tables.read(path, columns=[EVENT_TS], version=version).column(EVENT_TS).cast(pa.int64())
    newest = pc.max(times).as_py()
    return NEVER if newest is None else newest + 1
