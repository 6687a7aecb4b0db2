"""What an hour's new events cost, with late ones, corrections and deletions, on histories of several lengths."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pyarrow as pa
from deltalake import DeltaTable

from benchmarks.events import DAYS, EIGHT, START, prepare, view
from benchmarks.measure import tree_cpu
from riskloom.intervals import DAY, HOUR
from riskloom.lake.bucketed.follow import follow
from riskloom.lake.bucketed.table import snapshot
from riskloom.lake.tasks import InProcess
from riskloom.tabular import as_table
from riskloom.windows.gold import gold_layout
from riskloom.windows.tables import INSTANT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

EVENTS_AN_HOUR, LATE, CORRECTED, DELETED = 2_300, 100, 10, 5
HOURS = 5


def hours(data: Path, histories: Sequence[int]) -> str:
    """Bring a gold table up to date with hours of the same size, after histories of several sizes.

    Returns:
        A table: CPU seconds of the first load and of an hour, and the rows written for it.
    """
    rows = [_after(data, history) for history in histories]
    columns = ("history", "first_load_cpu_s", "hour_cpu_s", "rows_changed", "rows_written", "files", "files_kept")
    title = f"An hour's {EVENTS_AN_HOUR:,} events, {LATE} of them late, {CORRECTED} corrections, {DELETED} deletions:"
    return f"{title}\n{as_table(rows, columns)}"


def _after(data: Path, history: int) -> dict[str, object]:
    source = data / "hours" / "silver" / "payments"
    gold = data / "hours" / "gold" / "user_payments"
    shutil.rmtree(data / "hours", ignore_errors=True)
    shutil.copytree(prepare(data, history), source)
    layout, process = gold_layout(view(EIGHT)), psutil.Process()
    begun = tree_cpu(process)
    follow(source, gold, layout, InProcess())
    first = tree_cpu(process) - begun
    spent, changed, written = [], [], []
    for hour in range(HOURS):
        _hour(source, history, hour)
        before, begun = snapshot(gold), tree_cpu(process)
        changed.append(follow(source, gold, layout, InProcess()).changed)
        spent.append(tree_cpu(process) - begun)
        after = snapshot(gold)
        written.append(sum(file.rows for file in set(after.files) - set(before.files)))
    return {
        "history": history,
        "first_load_cpu_s": f"{first:.2f}",
        "hour_cpu_s": f"{float(np.median(spent)):.2f}",
        "rows_changed": int(np.median(changed)),
        "rows_written": int(np.median(written)),
        "files": len(after.files),
        "files_kept": len(set(after.files) & set(before.files)),
    }


def _hour(source: Path, history: int, hour: int) -> None:
    """Change the source as a run of one hour does: a MERGE."""
    random = np.random.default_rng(hour)
    end = START + DAYS * DAY + hour * HOUR
    times = random.integers(end, end + HOUR, EVENTS_AN_HOUR)
    times[:LATE] -= random.integers(HOUR, 3 * DAY, LATE)
    new = {
        "user_id": random.integers(0, history // 25, EVENTS_AN_HOUR),
        "device": [f"d{n}" for n in range(EVENTS_AN_HOUR)],
        "amount": random.integers(1, 9_999, EVENTS_AN_HOUR),
        "event_id": [f"h{hour}.{n}" for n in range(EVENTS_AN_HOUR)],
        "event_ts": pa.array(times, INSTANT),
        "available_ts": pa.array(times, INSTANT),
    }
    # Corrections and deletions are mostly of what came lately: here, of the hour before.
    old = DeltaTable(str(source)).to_pyarrow_dataset(partitions=None).to_table().sort_by("event_ts")
    lately = old.slice(old.num_rows - CORRECTED - DELETED)
    amounts = pa.array(random.integers(1, 9_999, CORRECTED))
    corrected = lately.slice(0, CORRECTED)
    corrected = corrected.set_column(corrected.column_names.index("amount"), "amount", amounts)
    staged = pa.concat_tables([pa.table(new).select(old.column_names), corrected, lately.slice(CORRECTED)])
    staged = staged.append_column("gone", pa.array(np.arange(staged.num_rows) >= EVENTS_AN_HOUR + CORRECTED))
    merge = DeltaTable(str(source)).merge(staged, "t.event_id = s.event_id", source_alias="s", target_alias="t")
    merge = merge.when_matched_delete("s.gone").when_matched_update_all(except_cols=["gone"])
    merge.when_not_matched_insert_all(except_cols=["gone"]).execute()
