"""The events of the benchmarks: payments of users whose activity follows Zipf's law, over ninety days."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import write_deltalake

from riskloom import Entity, EventSource, FeatureView, aggregate
from riskloom.intervals import DAY, to_micros
from riskloom.windows.tables import INSTANT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from riskloom.declare import Aggregation

START = to_micros("2024-01-01T00:00:00Z")
DAYS, EVENTS_A_USER, ZIPF = 90, 25, 0.85
ROWS_A_FILE = 1_000_000
WINDOWS = {"5m": 300, "1h": 3_600, "1d": 86_400, "7d": 604_800, "30d": 2_592_000}
SIX = ("count", "sum", "mean", "min", "max", "stddev")
EIGHT = (*SIX, "last", "count_distinct")

user = Entity.of("user", user_id="int64")
payments = EventSource(
    name="payments",
    files="payments/{date}.jsonl",
    transform="payments:to_events",
    columns={"user_id": "int64", "device": "string", "amount": "int64"},
)


def view(functions: Sequence[str], hop: str | None = "1us", amount: str = "int64") -> FeatureView:
    """Declare the view: each function over each window, with the exact hop or the default one."""
    made = tuple(_aggregation(function, hop) for function in functions)
    source = replace(payments, columns={**payments.columns, "amount": amount})
    return FeatureView(name="user_payments", entity=user, source=source, windows=tuple(WINDOWS), aggregations=made)


def _aggregation(function: str, hop: str | None) -> Aggregation:
    if function == "count":
        return aggregate.count(hop=hop)
    column = "device" if function == "count_distinct" else "amount"
    made: Aggregation = getattr(aggregate, function)(column, hop=hop)
    return made


def zipf(random: np.random.Generator, size: int, keys: int, exponent: float = ZIPF) -> npt.NDArray[np.int64]:
    """Draw keys: the k-th most frequent one is drawn in proportion to ``k ** -exponent``."""
    share = np.cumsum(np.arange(1, keys + 1, dtype=float) ** -exponent)
    return np.searchsorted(share / share[-1], random.random(size)).astype(np.int64)


def batches(rows: int, seed: int = 7, *, hot: bool = False) -> Iterator[pa.Table]:
    """Give payments in the order of time, a million at a time; ``hot`` gives all of them to one user."""
    random = np.random.default_rng(seed)
    users = max(1, rows // EVENTS_A_USER)
    names = random.permutation(users)
    for first in range(0, rows, ROWS_A_FILE):
        count = min(ROWS_A_FILE, rows - first)
        begin, end = (START + DAYS * DAY * place // rows for place in (first, first + count))
        owners = np.zeros(count, np.int64) if hot else names[zipf(random, count, users)]
        times = np.sort(random.integers(begin, end, count))
        devices = random.integers(0, 3, count) * (random.random(count) < 0.5)  # noqa: PLR2004 - every other event
        yield pa.table(
            {
                "user_id": owners,
                "device": pa.array([f"d{owner}.{device}" for owner, device in zip(owners, devices, strict=True)]),
                "amount": np.round(random.lognormal(8, 1.2, count)).astype(np.int64),
                "event_id": pa.array([f"e{number:010d}" for number in range(first, first + count)]),
                "event_ts": pa.array(times, INSTANT),
                "available_ts": pa.array(times, INSTANT),
            }
        )


def prepare(folder: Path, rows: int, *, hot: bool = False) -> Path:
    """Write the events, once: ``silver`` as a Delta table, whose files other engines read as Parquet.

    Returns:
        The folder of the table.
    """
    path = folder / f"{'hot' if hot else 'silver'}-{rows}" / "silver" / "payments"
    done = path / "complete"
    if not done.exists():
        for table in batches(rows, hot=hot):
            write_deltalake(str(path), table, mode="append", configuration={"delta.enableChangeDataFeed": "true"})
        done.touch()
    return path


def read_answers(path: Path, columns: Sequence[str]) -> pa.Table:
    """Read the answers of a plan, in the order of the events."""
    files = sorted(path.rglob("*.parquet"))
    table = pa.concat_tables(pq.ParquetFile(file).read(["event_id", *columns]) for file in files)
    return table.sort_by("event_id")
