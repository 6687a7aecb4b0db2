"""Writes a view's states and then its mark, so that the view is in service all the while."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from riskloom.errors import StoreError
from riskloom.intervals import to_datetime
from riskloom.lake import ops, tables
from riskloom.lake.commits import committed
from riskloom.lake.paths import Lake
from riskloom.store.online import MARK_KEY
from riskloom.store.packed.head import Stamp
from riskloom.store.point_in_time import EVENT_TS, read_events
from riskloom.store.state import NEVER, Mark
from riskloom.store.states import encode_states

if TYPE_CHECKING:
    from pathlib import Path

    from feast import FeatureView, RepoConfig
    from feast.infra.registry.base_registry import BaseRegistry

    from riskloom.store.online import RiskloomOnlineStore
    from riskloom.store.source import DeltaSource


@dataclass(frozen=True, slots=True)
class _Span:
    """What is to be written: the table's version, how far, and from when on."""

    version: int
    end: int
    watermark: int
    since: int


def write_view(config: RepoConfig, store: RiskloomOnlineStore, table: FeatureView, until: int | None) -> Mark:
    """Write the states of a view from its gold table, then its mark.

    A state reaches as far back as both the mark that stands and the new one need. What an earlier materialization
    took in stays in, whatever ``until`` is.

    Args:
        config: The repository's configuration.
        store: The online store.
        table: The Feast view.
        until: Microseconds since the epoch up to which events are taken; None for all there are.

    Returns:
        The mark as it stands now. A view without events and without a completed interval keeps its own.

    Raises:
        StoreError: The view has no table, what the store holds is damaged, or a later materialization began.
    """
    source: DeltaSource = table.batch_source
    plan, path = store.plan_of(table), source.path(config)
    old = store.read_mark(config, table) or Mark(declaration=plan.declaration)
    span = _span(table.name, path, old, until, plan.view.reach)
    if span is None:
        return old
    begun = replace(old, attempt=old.attempt + 1)
    store.write(config, table, [(MARK_KEY, begun.encode())], to_datetime(span.watermark))
    events = read_events(plan.view, path, span.since, span.end, span.version)
    stamp, entities = Stamp(span.version, begun.attempt, span.since + plan.view.reach), 0
    for chunk in encode_states(plan, events, stamp):
        _check_newest(config, store, table, begun.attempt)
        store.write(config, table, chunk, to_datetime(span.watermark))
        committed(f"online.{table.name}", begun.attempt)
        entities += len(chunk)
    _check_newest(config, store, table, begun.attempt)
    mark = Mark(
        declaration=plan.declaration,
        generation=begun.attempt,
        attempt=begun.attempt,
        watermark=span.watermark,
        end=span.end,
        version=span.version,
        entities=entities,
    )
    store.write(config, table, [(MARK_KEY, mark.encode())], to_datetime(span.watermark))
    committed(f"online.{table.name}", begun.attempt)
    return mark


def record(registry: BaseRegistry, project: str, table: FeatureView, mark: Mark, reach: int) -> None:
    """Tell the registry what is materialized, as one interval, and leave the view's lifecycle state alone."""
    if mark.generation == 0:
        return
    view = registry.get_feature_view(table.name, project)
    view.materialization_intervals = [(to_datetime(mark.watermark - reach), to_datetime(mark.watermark))]
    registry.apply_feature_view(view, project, commit=True)
    committed("registry", f"{table.name} materialized")


def _span(view: str, path: Path, old: Mark, until: int | None, reach: int) -> _Span | None:
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
    watermark = end if complete is None else min(end, complete)
    oldest = watermark if old.watermark == NEVER else min(watermark, old.watermark)
    return _Span(version, end, watermark, oldest - reach)


def _newest(path: Path, version: int) -> int:
    """Give the first instant after the newest event; ``NEVER`` where there is none."""
    times = tables.read(path, columns=[EVENT_TS], version=version).column(EVENT_TS).cast(pa.int64())
    newest = pc.max(times).as_py()
    return NEVER if newest is None else newest + 1


def _check_newest(config: RepoConfig, store: RiskloomOnlineStore, table: FeatureView, attempt: int) -> None:
    mark = store.read_mark(config, table)
    if mark is None or mark.attempt != attempt:
        raise StoreError.overtaken(table.name)
