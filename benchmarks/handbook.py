"""The Fraud Detection Handbook's window features, recomputed from its raw transactions through our store.

``python benchmarks/handbook.py --transactions FILE --published FILE`` declares the views in a project of its own,
writes their gold tables, builds a training set whose spine is the published rows, and compares. With ``--train-start``
it trains the book's models instead, on a training set of ours, and prints their figures.

The book's windows are ``(t - L, t]`` and the current row counts: ours end before ``t``, and the current row is request
data. Its terminal windows are delayed by 7 days, ``(t - d - L, t - d]``. So a row may differ where an event lies
exactly at ``t``, ``t - L``, ``t - d`` or ``t - d - L``; such rows are listed, and no other may differ.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import write_deltalake

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from riskloom import build_training_set  # noqa: E402 - the path comes first, so that the file runs as a script
from riskloom.intervals import DAY  # noqa: E402
from riskloom.lake.bucketed.follow import follow  # noqa: E402
from riskloom.lake.paths import Lake  # noqa: E402
from riskloom.lake.tasks import InProcess  # noqa: E402
from riskloom.project import Project  # noqa: E402
from riskloom.tabular import as_table  # noqa: E402
from riskloom.windows.gold import gold_layout  # noqa: E402
from riskloom.windows.tables import INSTANT  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

DELAY, DAYS = 7, (1, 7, 30)
TIME = "TX_DATETIME"
NAMES = {
    "TRANSACTION_ID": "transaction_id",
    "CUSTOMER_ID": "customer_id",
    "TERMINAL_ID": "terminal_id",
    "TX_AMOUNT": "amount",
}
SERVICE = "card_fraud_v1"
TOLERANCE = 1e-9
FILES = {
    "riskloom.toml": '[project]\nname = "handbook"\n',
    "expectations/__init__.py": "",
    "transforms/__init__.py": "",
    "transforms/transactions.py": "def to_events(records):\n    return records\n",
    "features/__init__.py": "",
    "features/cards.py": """\
from riskloom import Entity, EventSource, FeatureService, FeatureView, aggregate

transactions = EventSource(
    name="transactions", files="*.csv", transform="transactions:to_events", event_id=("transaction_id",),
    columns={
        "transaction_id": "int64", "customer_id": "int64", "terminal_id": "int64",
        "amount": "float64", "fraud": "int64",
    },
)
customer_spending = FeatureView(
    name="customer_spending", entity=Entity.of("customer", customer_id="int64"), source=transactions,
    windows=("1d", "7d", "30d"), aggregations=(aggregate.count(hop="1us"), aggregate.sum("amount", hop="1us")),
)
# A fraud is known a week later: the windows of what depends on it end a week before.
terminal_risk = FeatureView(
    name="terminal_risk", entity=Entity.of("terminal", terminal_id="int64"), source=transactions,
    windows=("1d", "7d", "30d"),
    aggregations=(aggregate.count(delay="DELAY", hop="1us"), aggregate.mean("fraud", delay="DELAY", hop="1us")),
)
card_fraud_v1 = FeatureService(
    name="card_fraud_v1", features=("customer_spending", "terminal_risk"), full_feature_names=True
)
""",
}


def read_transactions(path: Path) -> pa.Table:
    """Read the raw transactions: id, instant, customer, terminal, amount and fraud, under our names."""
    return renamed(pq.read_table(path), [*NAMES, "TX_FRAUD"], path)


def renamed(rows: pa.Table, columns: Sequence[str], path: Path) -> pa.Table:
    """Give the book's columns our names and types: its files have them as integers of any width, or as text.

    Args:
        rows: The rows.
        columns: The book's names of the columns wanted, besides its time.
        path: The file, for errors.
    """
    missing = [name for name in (*columns, TIME) if name not in rows.column_names]
    if missing:
        message = f"{path} has no column {', '.join(missing)}; it has {', '.join(rows.column_names)}"
        raise SystemExit(message)
    named = {NAMES.get(name, "fraud"): rows.column(name) for name in columns}
    typed = {name: column.cast(pa.float64() if name == "amount" else pa.int64()) for name, column in named.items()}
    times = rows.column(TIME)
    return pa.table({**typed, "event_timestamp": times.cast(pa.timestamp("us", times.type.tz)).cast(INSTANT)})


def make_project(root: Path, transactions: pa.Table, delay: int) -> Project:
    """Write a project of the book's views, and its silver and gold tables.

    Args:
        root: An empty folder.
        transactions: As ``read_transactions`` gives them.
        delay: Days until a fraud is known.
    """
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("DELAY", f"{delay}d" if delay else "0s"))
    project = Project.load(root)
    lake, times = Lake(project.settings.lake), transactions.column("event_timestamp")
    events = transactions.drop_columns(["event_timestamp"])
    events = events.append_column("event_id", events.column("transaction_id").cast(pa.string()))
    events = events.append_column("event_ts", times).append_column("available_ts", times)
    silver = lake.silver("transactions")
    silver.mkdir(parents=True)
    write_deltalake(os.fspath(silver), events, configuration={"delta.enableChangeDataFeed": "true"})
    for view in project.views.values():
        follow(silver, lake.gold(view.name), gold_layout(view), InProcess())
    return project


def window_features(project: Project, spine: pa.Table, delay: int = DELAY) -> dict[str, Floats]:
    """Build a training set, and give the book's twelve features under its names.

    Args:
        project: As ``make_project`` made it.
        spine: The transactions whose features are wanted.
        delay: Days until a fraud is known.
    """
    table = build_training_set(SERVICE, spine, project=project, output="arrow")
    suffix = f"_delay{delay}d" if delay else ""
    amounts, found = spine.column("amount").to_numpy(), {}
    for days in DAYS:
        # The current transaction is request data: it is counted with what the window holds.
        count = _numbers(table, f"customer_spending__events_count_{days}d_hop1us") + 1
        total = _numbers(table, f"customer_spending__amount_sum_{days}d_hop1us") + amounts
        found[f"CUSTOMER_ID_NB_TX_{days}DAY_WINDOW"] = count
        found[f"CUSTOMER_ID_AVG_AMOUNT_{days}DAY_WINDOW"] = total / count
    for days in DAYS:
        found[f"TERMINAL_ID_NB_TX_{days}DAY_WINDOW"] = _numbers(
            table, f"terminal_risk__events_count_{days}d{suffix}_hop1us"
        )
        found[f"TERMINAL_ID_RISK_{days}DAY_WINDOW"] = _numbers(
            table, f"terminal_risk__fraud_mean_{days}d{suffix}_hop1us"
        )
    return found


def _numbers(table: pa.Table, column: str) -> Floats:
    """Give a feature as numbers; the book writes nothing as 0."""
    return pc.fill_null(table.column(column).cast(pa.float64()), 0.0).to_numpy()


def at_edges(transactions: pa.Table, spine: pa.Table, key: str, edges: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Say of each row whether another event of its key lies exactly at one of some distances before it.

    Args:
        transactions: All events.
        spine: The rows.
        key: Key column.
        edges: Distances in microseconds.
    """
    places = {}
    for name, rows in (("events", transactions), ("spine", spine)):
        keys, times = rows.column(key).to_numpy(), rows.column("event_timestamp").cast(pa.int64()).to_numpy()
        places[name] = (keys, times)
    joined = np.sort(_coded(*places["events"]))
    found = np.zeros(spine.num_rows, np.bool_)
    for edge in edges:
        wanted = _coded(places["spine"][0], places["spine"][1] - edge)
        count = np.searchsorted(joined, wanted, "right") - np.searchsorted(joined, wanted, "left")
        found |= count > (1 if edge == 0 else 0)
    return found


def _coded(keys: Ints, times: Ints) -> Ints:
    # Whole seconds: the book's times have no finer part, so key and time fit into one number.
    return keys * 2**40 + times // 1_000_000


def edges_of(feature: str) -> tuple[str, tuple[int, ...]]:
    """Give the key of a feature, and the distances at which an event may make it differ."""
    length = int(feature.split("_")[-2].removesuffix("DAY")) * DAY
    if feature.startswith("CUSTOMER_ID"):
        return "customer_id", (0, length)
    return "terminal_id", (DELAY * DAY, DELAY * DAY + length)


def compare(transactions: pa.Table, path: Path) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Recompute the features of a published file.

    Args:
        transactions: All transactions, of the thirty-seven days before the published ones too.
        path: The file of published features.

    Returns:
        A row a feature: rows, how many differ, how many of them without an event at an edge. And a row for each
        published row that has an event at an edge.
    """
    published = pq.read_table(path)
    wanted = renamed(published, list(NAMES), path)
    with tempfile.TemporaryDirectory() as folder:
        found = window_features(make_project(Path(folder), transactions, DELAY), wanted)
    summary: list[dict[str, object]] = []
    listed: list[dict[str, object]] = []
    for feature, ours in found.items():
        theirs = published.column(feature).cast(pa.float64()).to_numpy()
        differs = np.abs(ours - theirs) > TOLERANCE * np.maximum(1, np.abs(theirs))
        key, edges = edges_of(feature)
        edge = at_edges(transactions, wanted, key, edges)
        summary.append(
            {
                "feature": feature,
                "rows": len(ours),
                "differ": int(differs.sum()),
                "at_edge": int(edge.sum()),
                "unexplained": int((differs & ~edge).sum()),
            }
        )
        listed += [
            {
                "transaction_id": str(wanted.column("transaction_id")[int(place)]),
                "feature": feature,
                "ours": float(ours[place]),
                "published": float(theirs[place]),
                "at_edge": "yes" if edge[place] else "no",
            }
            for place in np.flatnonzero(edge | differs)
        ]
    return summary, listed


def main(arguments: Sequence[str]) -> int:
    """Compare with published features, or train; 1 where a row differs without an event at an edge."""
    options = _options(arguments)
    transactions, begun = read_transactions(Path(options.transactions)), time.process_time()
    if options.train_start is not None:
        from benchmarks.handbook_models import train

        rows = train(transactions, options)
        print(as_table(rows, ("model", "auc", "average_precision", "card_precision_100")))
        print(json.dumps({"delay_days": options.delay, "models": rows, "cpu_s": round(time.process_time() - begun, 1)}))
        return 0
    summary, listed = compare(transactions, Path(options.published))
    print(as_table(summary, ("feature", "rows", "differ", "at_edge", "unexplained")))
    print("\nRows with an event exactly at an edge of a window, and any other that differs:")
    print(as_table(listed, ("transaction_id", "feature", "ours", "published", "at_edge")))
    unexplained = sum(int(str(row["unexplained"])) for row in summary)
    differ = {row["feature"]: row["differ"] for row in summary}
    print(json.dumps({"differ": differ, "unexplained": unexplained, "cpu_s": round(time.process_time() - begun, 1)}))
    return 1 if unexplained else 0


def day(text: str) -> int:
    """Read a date as days since the epoch."""
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--transactions", required=True, help="Parquet file of the book's raw transactions.")
    parser.add_argument("--published", help="Parquet file of published features to recompute.")
    parser.add_argument("--train-start", type=day, help="First day of training, such as 2018-07-25: train instead.")
    parser.add_argument("--train-days", type=int, default=7, help="Days of training.")
    parser.add_argument("--test-days", type=int, default=7, help="Days of testing.")
    parser.add_argument("--delay", type=int, default=DELAY, help="Days until a fraud is known.")
    options = parser.parse_args(arguments)
    if options.train_start is None and not options.published:
        parser.error("give --published to compare, or --train-start to train")
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
