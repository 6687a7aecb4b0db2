"""Windows at every event: a view's features at each of its own events, as a table.

One task takes one bucket of the gold table, reads it by itself, runs the kernel over stretches of it, and writes.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from riskloom.declare.encode import view_from_dict, view_to_dict
from riskloom.errors import LakeError
from riskloom.lake import tables
from riskloom.lake.bucketed.files import File, Writer, read_files
from riskloom.lake.bucketed.order import in_order
from riskloom.lake.bucketed.table import Layout, commit, snapshot
from riskloom.lake.paths import shown
from riskloom.lake.races import Overtaken, retried
from riskloom.plan.fingerprint import view_fingerprint
from riskloom.windows.gold import EVENT_ID, EVENT_TS, gold_layout
from riskloom.windows.in_process import choose_features, compute
from riskloom.windows.key_codes import run_starts
from riskloom.windows.tables import ARROW, INSTANT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import Any

    from riskloom.declare import Feature, FeatureView
    from riskloom.lake.tasks import Tasks

AT = "at"
ROWS_AT_ONCE = 200_000


def features_at_events(
    view: FeatureView, gold: Path, target: Path, tasks: Tasks, features: Sequence[str] | None = None
) -> int:
    """Write the features that a view had at each of its events, just before the event itself.

    Args:
        view: The view.
        gold: Folder of its gold table.
        target: Folder of the table to write: keys, ``event_id``, ``event_ts``, then the features; one row an event,
            bucketed and ordered as gold is.
        tasks: Where the tasks run.
        features: Names of the features wanted, in their order; all of the view's where None.

    Returns:
        The version of the table; the one it had where it holds these features of this version of gold already.

    Raises:
        LakeError: The gold table is missing or was not written by ``riskloom run``, or other writers came first each
            time that it was tried.
        WindowError: A feature is unknown, or an integer sum leaves int64.
    """
    wanted = choose_features(view, features)
    return retried(
        shown(target),
        lambda: _write(view, gold, target, tasks, wanted),
        lambda error: isinstance(error, Overtaken),
    )


def _write(view: FeatureView, gold: Path, target: Path, tasks: Tasks, wanted: Sequence[Feature]) -> int:
    events = snapshot(gold)
    if events is None:
        raise LakeError.missing(shown(gold), gold)
    if not events.has(gold_layout(view)):
        raise LakeError.other_layout(shown(gold), gold)
    layout = _layout(view, wanted)
    mark = f"features {view_fingerprint(view)} of {tables.identity(gold)}"
    seen = snapshot(target, marks=[mark])
    if seen is not None and seen.has(layout) and seen.marks.get(mark) == events.version:
        return seen.version
    names = [feature.name for feature in wanted]
    task = partial(_bucket, view_to_dict(view), names, gold, target, layout)
    written = tasks.map(task, _largest_first(events.files))
    old = () if seen is None else seen.files
    return commit(target, layout, seen, added=written, removed=old, marks={mark: events.version})


def _layout(view: FeatureView, wanted: Sequence[Feature]) -> Layout:
    keys = [(column, ARROW[dtype]) for column, dtype in view.entity.keys]
    columns = [(feature.name, ARROW[feature.dtype]) for feature in wanted]
    schema = pa.schema([*keys, (EVENT_ID, pa.string()), (EVENT_TS, INSTANT), *columns])
    return Layout(schema=schema, keys=view.partition_keys, time=EVENT_TS, ties=(EVENT_ID,), row_id=EVENT_ID)


def _largest_first(files: Sequence[File]) -> list[tuple[File, ...]]:
    """Gather the files of each bucket, so that no large bucket is begun when all else is done."""
    buckets: dict[str, list[File]] = {}
    for file in files:
        buckets.setdefault(file.bucket, []).append(file)
    by_rows = sorted(buckets.values(), key=lambda some: sum(file.rows for file in some), reverse=True)
    return [tuple(some) for some in by_rows]


def _bucket(
    declaration: dict[str, Any],
    names: Sequence[str],
    gold: Path,
    target: Path,
    layout: Layout,
    files: tuple[File, ...],
) -> File:
    view = view_from_dict(declaration)
    stored = gold_layout(view)
    events = read_files(gold, files, stored.schema.names)
    if len(files) > 1:
        events = in_order(events, stored.keys, (stored.time, *stored.ties))
    keys = list(view.entity.key_columns)
    with Writer(target, files[0].bucket, layout.schema, time=EVENT_TS, statistics=keys) as writer:
        for begin, first, end in stretches(events, stored.keys, view.reach):
            here = events.slice(first, end - first)
            spine = events.select([*keys, EVENT_TS]).slice(begin, end - begin).rename_columns([*keys, AT])
            values = compute(view, here, spine, names)
            own = events.select([*keys, EVENT_ID, EVENT_TS]).slice(begin, end - begin)
            writer.write(pa.table([*own.columns, *values.columns], schema=layout.schema))
    return writer.file


def stretches(events: pa.Table, keys: Sequence[str], reach: int) -> Iterator[tuple[int, int, int]]:
    """Cut sorted events into stretches that can be answered one by one.

    A stretch may begin within a key: then the events before it that its windows reach come along. It is the longer,
    the more come along, so that no event is looked at often.

    Args:
        events: Events in the order of key and time.
        keys: Key columns.
        reach: Microseconds before an instant from which an event may count.

    Yields:
        Where a stretch begins, where the events begin that it needs, and where both end.
    """
    times = events.column(EVENT_TS).cast(pa.int64()).to_numpy()
    starts = run_starts(events, keys)
    begin = 0
    while begin < len(times):
        of_key = starts[np.searchsorted(starts, begin, side="right") - 1]
        first = int(of_key + np.searchsorted(times[of_key:begin], times[begin] - reach))
        end = min(len(times), begin + max(ROWS_AT_ONCE, (begin - first) // 4))
        yield begin, first, end
        begin = end
