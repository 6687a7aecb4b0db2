"""Writes a view's states and then its mark, so that the view is in service all the while."""

from __future__ import annotations

import secrets
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from riskloom.errors import StoreError
from riskloom.intervals import to_datetime
from riskloom.lake import ops, tables
from riskloom.lake.bucketed.table import snapshot
from riskloom.lake.commits import committed
from riskloom.lake.paths import Lake
from riskloom.store.absorb import Absorbed, absorb
from riskloom.store.carry import carry, expire
from riskloom.store.changed import changed_keys, distinct_keys, of_keys
from riskloom.store.inner.base import Batch, state_key
from riskloom.store.packed.head import Stamp
from riskloom.store.point_in_time import EVENT_TS, read_events
from riskloom.store.slices import Slices, constant, joined
from riskloom.store.state import NEVER, Mark
from riskloom.store.states import encode_states
from riskloom.windows.tables import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from feast import FeatureView, RepoConfig
    from feast.infra.registry.base_registry import BaseRegistry

    from riskloom.store.evaluate import Plan
    from riskloom.store.online import RiskloomOnlineStore
    from riskloom.store.source import DeltaSource
    from riskloom.store.views import Views


_ROWS_AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True)
class _Span:
    """What is to be written: the table's version and identity, and how far."""

    version: int
    origin: int
    end: int
    watermark: int


@dataclass(frozen=True, slots=True)
class _Job:
    """One materialization of one view.

    Attributes:
        views: The store.
        name: The view's name.
        plan: The view.
        path: Its gold table.
        old: The mark that stands.
        begun: The mark that says that this one has begun.
        span: What is to be written.
        keys: Whose states are written; None for all, into a build of their own.
    """

    views: Views
    name: str
    plan: Plan
    path: Path
    old: Mark
    begun: Mark
    span: _Span
    keys: pa.Table | None

    @property
    def slot(self) -> int:
        """The build that is written."""
        return self.old.slot if self.keys is not None else self.begun.spare

    @property
    def cut(self) -> int:
        """From when on the states are read: a build that serves already must go on serving its mark."""
        return self.span.watermark if self.keys is None else min(self.span.watermark, self.old.watermark)

    def _same_keys(self) -> bool:
        return self.views.serving(self.plan, self.old).view.partition_keys == self.plan.view.partition_keys

    def check(self) -> None:
        """Stop where a later materialization has begun."""
        mark = self.views.read_mark(self.name)
        if mark is None or (mark.attempt, mark.owner) != (self.begun.attempt, self.begun.owner):
            raise StoreError.overtaken(self.name)

    def events(self) -> Iterator[pa.Table]:
        """Read the events that the states are made of, those of one entity together."""
        view, since, span = self.plan.view, self.since, self.span
        if self.keys is not None:
            keys = self.keys.select(view.partition_keys)
            yield of_keys(read_events(view, self.path, since, span.end, span.version, keys), self.keys)
            return
        for buckets in _pieces(self.path, span.version):
            yield read_events(view, self.path, since, span.end, span.version, buckets=buckets)

    @property
    def since(self) -> int:
        """Microseconds since the epoch from which on states hold events."""
        return self.cut - self.plan.view.reach

    def write(self, keys: Slices, states: Slices, ids: Callable[[int], set[str]]) -> None:
        """Write states; empty ones are tombstones.

        Args:
            keys: Their keys, as the codec writes them.
            states: The states.
            ids: Gives the ids of the events of the state at a place among them.
        """
        self.check()
        placed = joined([constant(state_key(self.slot, b""), len(keys.begins)), keys])
        batch = Batch(self.span.version, self.begun.attempt, placed, states)
        if left := set(self.views.states.write_batch(self.name, batch)):
            wanted = {row.key: Absorbed(row, ids(place)) for place, row in enumerate(batch.rows()) if row.key in left}
            absorb(self.views.states, self.plan, self.span.watermark, wanted)
        committed(f"online.{self.name}", batch.revision)

    def carry(self) -> None:
        """Bring what was pushed into the build that serves into one that shall take its place."""
        if self.keys is None and self.old.generation and self._same_keys():
            span, slots = (self.since, self.span.end, self.span.version), (self.old.slot, self.slot)
            carry(self.views.states, self.plan, self.path, span, self.span.watermark, slots)


def write_view(
    config: RepoConfig, store: RiskloomOnlineStore, table: FeatureView, until: int | None, *, full: bool = False
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
    job = _begin(views, plan, path, old, span, full=full)
    written = _send(job)
    return _complete(job, source.configuration, written)


def _send(job: _Job) -> int:
    """Write the states, and give how many there are: while a batch is on its way, the next one is encoded."""
    stamp = Stamp(job.span.version, job.begun.attempt, job.cut)
    batches = (batch for events in job.events() for batch in encode_states(job.plan, events, stamp))
    there: set[bytes] = set()
    entities = 0
    with ThreadPoolExecutor(1) as sender:
        try:
            sent = sender.submit(job.check)
            for batch in batches:
                sent.result()
                sent = sender.submit(job.write, batch.keys, batch.states, batch.ids)
                entities += len(batch.keys.begins)
                if job.keys is not None:
                    there.update(batch.keys.parts())
            sent.result()
            if gone := _gone(job, there):
                sender.submit(job.write, Slices.of(gone), constant(b"", len(gone)), _no_ids).result()
            sender.submit(job.carry).result()
        finally:
            sender.submit(job.views.states.close).result()
    return entities


def _no_ids(_: int) -> set[str]:
    return set()


def _begin(views: Views, plan: Plan, path: Path, old: Mark, span: _Span, *, full: bool) -> _Job:
    name = plan.view.name
    keys = None if full else _changed(plan, path, old, span)
    begun = replace(old, attempt=old.attempt + 1, owner=secrets.randbits(64))
    if keys is None:
        begun = replace(begun, spare=begun.attempt)
    views.write_mark(name, begun)
    job = _Job(views, name, plan, path, old, begun, span, keys)
    job.check()
    if old.spare:
        views.drop_builds(name, [old.spare])
    return job


def _changed(plan: Plan, path: Path, old: Mark, span: _Span) -> pa.Table | None:
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


def _gone(job: _Job, there: set[bytes]) -> list[bytes]:
    """Give the keys of entities that have no event in reach any more."""
    if job.keys is None or not job.keys.num_rows:
        return []
    written = job.plan.codec.encode_all([whole(column) for column in job.keys.columns])
    return [key for key in written.parts() if key not in there]


def _complete(job: _Job, configuration: bytes, entities: int) -> Mark:
    job.check()
    span, attempt = job.span, job.begun.attempt
    mark = Mark(
        declaration=job.plan.declaration,
        generation=attempt,
        attempt=attempt,
        watermark=span.watermark,
        end=span.end,
        version=span.version,
        entities=entities,
        slot=job.slot,
        spare=job.old.slot if job.keys is None else 0,
        owner=job.begun.owner,
        origin=span.origin,
    )
    job.views.write_declaration(job.name, mark, configuration)
    job.views.write_mark(job.name, mark)
    committed(f"online.{job.name}", attempt)
    # What was pushed while the mark moved; those who push look at the mark again, so no more comes after it.
    job.carry()
    expire(job.views.states, job.plan, span.watermark, job.slot)
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


def _span(view: str, path: Path, old: Mark, until: int | None) -> _Span | None:
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
    return _Span(version, origin, end, end if complete is None else min(end, complete))


def _newest(path: Path, version: int) -> int:
    """Give the first instant after the newest event; ``NEVER`` where there is none."""
    seen = snapshot(path, version)
    if seen is not None and seen.bucketed:
        return max((file.span[1] + 1 for file in seen.files), default=NEVER)
    times = tables.read(path, columns=[EVENT_TS], version=version).column(EVENT_TS).cast(pa.int64())
    newest = pc.max(times).as_py()
    return NEVER if newest is None else newest + 1


def _pieces(path: Path, version: int) -> Iterator[set[str] | None]:
    """Give buckets to read at once, so that memory does not grow with the table; None for a table without."""
    seen = snapshot(path, version)
    if seen is None or not seen.bucketed:
        yield None
        return
    piece: set[str] = set()
    rows = 0
    for file in sorted(seen.files, key=lambda file: file.bucket):
        if rows >= _ROWS_AT_ONCE and file.bucket not in piece:
            yield piece
            piece, rows = set(), 0
        piece.add(file.bucket)
        rows += file.rows
    yield piece
