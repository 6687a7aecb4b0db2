"""One more day after 1, 10 and 100 loaded days: what its run reads of silver, and what it costs.

``python -m benchmarks.incremental`` prints a table and ends with one line of JSON. The first day is loaded by a run;
those after it are appended as runs would have left them, a commit a day; then the day that is measured is loaded by a
run, and by the same run once more. One source names its events by position, another one by ids at random.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import pyarrow as pa

from benchmarks.measure import tree_cpu
from riskloom import EventSource, JsonLines
from riskloom.extract.bronze import extract
from riskloom.extract.contents import hashes_of
from riskloom.extract.load import load
from riskloom.extract.manifest import Manifest
from riskloom.extract.publish import publish
from riskloom.intervals import DAY, Interval, format_instant, to_micros
from riskloom.lake import tables
from riskloom.lake.keys import KeyIndex
from riskloom.lake.paths import Lake
from riskloom.lake.spark.session import session
from riskloom.project import Project
from riskloom.settings import Settings
from riskloom.tabular import as_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import SparkSession

MODULE = "benchmarks.incremental"
START = to_micros("2024-01-01")
HISTORIES = (1, 10, 100)
LATE, RESENT, BAD = 0.02, 0.005, 0.005
COLUMNS = ("source", "loaded", "silver_rows", "run", "files_read", "rows_read", "changed", "commits", "cpu_s")


@dataclass
class Bench:
    """A project of two sources, and the session that loads them."""

    spark: SparkSession
    root: Path
    rows: int
    runs: int = 0

    def __post_init__(self) -> None:
        """Declare the sources."""
        settings = Settings(
            name="b", lake=self.root / "lake", data=self.root / "data", feature_repo=self.root, state=self.root
        )
        columns = {"order": "string", "user": "int64", "amount": "int64"}
        declared = [("lines", "position"), ("orders", ("order",))]
        self.sources = {
            name: EventSource(
                name=name,
                files=f"{name}/{{date}}.log",
                format=JsonLines(),
                columns=columns,
                event_id=event_id,
                required=("user",),
            )
            for name, event_id in declared
        }
        self.project = Project(self.root, settings, sources=self.sources)
        self.lake = Lake(settings.lake)

    def write(self, source: str, day: int) -> None:
        """Write the log of a day: some events late, some of the day before sent again, some damaged."""
        random = np.random.default_rng(day + 1)
        path = self.root / "data" / source / f"{_date(day)}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as file:
            for number in range(self.rows):
                again = random.random() < RESENT
                late = random.random() < LATE
                file.write(_line(day - 1 if again else day, number, late=late, damaged=random.random() < BAD))

    def run(self, source: str, day: int) -> dict[str, Any]:
        """Load a day, and tell what that read of silver and cost."""
        process, silver = psutil.Process(), self.lake.silver(source)
        before, known, cpu = self._commits(source), _executions(self.spark), tree_cpu(process)
        interval = Interval(START + day * DAY, START + (day + 1) * DAY)
        self.runs += 1
        declared, run_id = self.sources[source], f"run{self.runs}"
        extracted = extract(self.spark, self.project, declared, interval, run_id)
        loaded = load(self.spark, self.project, declared, extracted, run_id)
        done = publish(self.spark, self.project, declared, loaded, True, run_id)
        spent = tree_cpu(process) - cpu
        files, rows = _read_of(self.spark, silver, known)
        commits = self._commits(source) - before
        return {
            "source": source,
            "silver_rows": tables.rows(silver),
            "files_read": files,
            "rows_read": rows,
            "changed": done.changed,
            "commits": commits,
            "cpu_s": round(spent, 1),
        }

    def _commits(self, source: str) -> int:
        places = (self.lake.bronze(source), self.lake.silver(source), self.lake.quarantine(source))
        return sum((version := tables.version(place)) is not None and version + 1 for place in places)

    def append(self, source: str, days: range) -> None:
        """Add days as runs would have left them: those of the first one, under other hashes, ids and times."""
        for layer in ("bronze", "silver", "quarantine"):
            place = getattr(self.lake, layer)(source)
            first = tables.read(place, version=0)
            for day in days:
                tables.append(place, _moved(first, day))
        # What each of those runs would have done for the next one.
        known = Manifest.read(self.lake, source, hashes_of(self.lake.bronze(source)))
        known.write(self.lake, "history")
        KeyIndex(self.lake.keys(source)).catch_up([self.lake.silver(source), self.lake.history(source)])


def _date(day: int) -> str:
    return format_instant(START + day * DAY)[:10]


def _line(day: int, number: int, *, late: bool, damaged: bool) -> str:
    micros = START + day * DAY + number * (DAY // 200_000) - (2 * DAY if late else 0)
    order = hashlib.md5(f"{day}-{number}".encode(), usedforsecurity=False).hexdigest()
    event = {"order": order, "user": number % 997, "amount": number % 89, "ts": format_instant(micros)}
    text = json.dumps(event)
    return (text[:-20] if damaged else text) + "\n"


def _moved(rows: pa.Table, day: int) -> pa.Table:
    def other(value: str) -> str:
        length = min(len(value), 32)
        return hashlib.sha256(f"{day} {value[:length]}".encode()).hexdigest()[:length] + value[length:]

    for name in ("file_hash", "identity", "event_id", "order"):
        if name in rows.column_names:
            column = rows[name].combine_chunks().dictionary_encode()
            names = pa.array([other(value) for value in column.dictionary.to_pylist()])
            rows = rows.set_column(rows.column_names.index(name), name, names.take(column.indices))
    for name in ("event_ts", "available_ts", "ingest_ts"):
        if name in rows.column_names:
            micros = rows[name].cast(pa.int64()).to_numpy() + (day if name != "ingest_ts" else day - 200) * DAY
            rows = rows.set_column(
                rows.column_names.index(name), name, pa.array(micros, pa.int64()).cast(rows[name].type)
            )
    return rows


def _executions(spark: SparkSession) -> int:
    store = spark._jsparkSession.sharedState().statusStore()  # noqa: SLF001 - what Spark keeps of a query's plan
    return int(store.executionsCount())


def _read_of(spark: SparkSession, table: Path, known: int) -> tuple[int, int]:
    """Add up what Spark's scans of a table read, from the metrics of the plans that ran since."""
    time.sleep(1)  # the listener that keeps them is told a little later
    store = spark._jsparkSession.sharedState().statusStore()  # noqa: SLF001 - as above
    executions = store.executionsList()
    files = rows = 0
    for place in range(known, executions.size()):
        execution = executions.apply(place)
        metrics = store.executionMetrics(execution.executionId())
        nodes = store.planGraph(execution.executionId()).allNodes()
        for number in range(nodes.size()):
            node = nodes.apply(number)
            if not node.name().startswith("Scan") or f"{table}" not in node.desc():
                continue
            for one in range(node.metrics().size()):
                metric = node.metrics().apply(one)
                value = metrics.get(metric.accumulatorId())
                if value.isDefined():
                    files += _number(value.get()) if metric.name() == "number of files read" else 0
                    rows += _number(value.get()) if metric.name() == "number of output rows" else 0
    return files, rows


def _number(text: str) -> int:
    return int(text.replace(",", "").split()[0])


def main(arguments: Sequence[str]) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog=MODULE, description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000, help="lines of a day")
    options = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="riskloom-"))
    try:
        bench = Bench(session(), folder, options.rows)
        rows = [row for source in bench.sources for row in _measured(bench, source)]
    finally:
        shutil.rmtree(folder)
    print(as_table(rows, COLUMNS))
    print(f"\n{json.dumps(_figures(rows))}")


def _measured(bench: Bench, source: str) -> list[dict[str, Any]]:
    found = []
    for day in (0, -1):
        # The second one warms up what the session compiles when it first meets a table that is there.
        bench.write(source, day)
        bench.run(source, day)
    there = 1
    for history in HISTORIES:
        bench.append(source, range(there, history))
        bench.write(source, history)
        for run in ("one more day", "the same again"):
            found.append({"loaded": history, "run": run, **bench.run(source, history)})
            print(f"  {source}: {run} after {history}", file=sys.stderr, flush=True)
        there = history + 1
    return found


def _figures(rows: Sequence[dict[str, Any]]) -> dict[str, object]:
    """Give, for each source and run, the last history's cost in times of the first one's, and what it read."""
    figures: dict[str, object] = {}
    for source in dict.fromkeys(row["source"] for row in rows):
        for run in dict.fromkeys(row["run"] for row in rows):
            mine = [row for row in rows if (row["source"], row["run"]) == (source, run)]
            name = f"{source}_{'rerun' if 'again' in run else 'day'}"
            figures[f"{name}_cpu_growth"] = round(mine[-1]["cpu_s"] / mine[0]["cpu_s"], 2)
            figures[f"{name}_rows_read"] = mine[-1]["rows_read"]
    return figures


if __name__ == "__main__":
    main(sys.argv[1:])
