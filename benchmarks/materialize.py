"""Materializing forty windowed features to Redis, from Delta, against Feast's local engine writing finished values.

``python -m benchmarks.materialize`` starts a Redis, compares answers, prints a table, and ends with a line of JSON.
Ours reads all events of the table and computes states of them; Feast's reads a Parquet file that has the forty values
of each entity already. CPU seconds are those of the process and of the server.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
from redis import Redis

from benchmarks.measure import Clock, measured, run_plan
from benchmarks.online_shop import END, KEY, SERVICE, VIEW, Shop, make_shop, peer
from riskloom.intervals import to_datetime
from riskloom.project import Project
from riskloom.run.statistics import statistics as statistics_of
from riskloom.store.client import OnlineFeatures
from riskloom.store.materialize import materialize
from riskloom.store.register import register
from riskloom.tabular import as_table
from riskloom.testing import servers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from feast import FeatureStore

MODULE = "benchmarks.materialize"
EVENTS_AN_ENTITY = 25
COMPARED = 1_000
STAMP = 16  # version, revision, change and length of the recent part


def main(arguments: Sequence[str]) -> None:
    """Run the benchmark, or the plan that measures memory."""
    if arguments[:1] == ["--plan"]:
        run_plan({"ours": _prepared}, arguments[1:])
    options = _options(arguments)
    data = Path(options.data).resolve()
    data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data) as folder, servers.redis(Path(folder)) as port:
        shop = make_shop(Path(folder) / "shop", port, options.events)
        register(shop.project)
        materialize(shop.project)
        client = OnlineFeatures.connect(shop.root / "feature_repo")
        stock, entities = peer(shop), _finish(shop)
        runs: dict[str, list[Spent]] = {"ours": [], "peer": []}
        server = Redis(port=port)
        for turn in range(options.repeats + 1):
            client.views.states.drop(VIEW)
            ours, theirs = _spent(server, lambda: materialize(shop.project)), _spent(server, lambda: _stock(stock))
            if turn:
                runs["ours"].append(ours)
                runs["peer"].append(theirs)
        _compare(shop, stock)
        prefix = f"riskloom:shop:{VIEW}:s".encode()
        sizes = {"ours": _bytes(server, prefix + b"*"), "peer": _bytes(server, b"*peer")}
        said = statistics_of(shop.project, shop.project.views[VIEW])
        stored = statistics.fmean(_lengths(server, prefix + b"*"))
    rows = [_row(name, entities, runs[plan], sizes[plan]) for name, plan in _NAMES.items()]
    print(as_table(rows, tuple(rows[0])), "\n")
    predicted = said.state_mean if said else 0.0
    print(f"`riskloom explain` predicts {predicted:.0f} bytes a state; there are {stored:.0f} on average\n")
    figures = {
        "vs_feast_local": rows[0]["entities_s"] / rows[1]["entities_s"],
        "vs_feast_local_cpu": _cpu(runs["peer"]) / _cpu(runs["ours"]),
        "predicted_over_stored_bytes": predicted / stored,
    }
    if options.large:
        figures["peak_mib_1m"] = _large(data, options.large)
    print(json.dumps({name: round(value, 2) for name, value in figures.items()}))


_NAMES = {"Delta to Redis, guarded, our store": "ours", "Parquet of finished values to Redis, Feast's engine": "peer"}


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=MODULE, description=__doc__)
    parser.add_argument("--data", default=".riskloom/benchmarks", help="folder of events")
    parser.add_argument("--events", type=int, default=2_000_000, help="events of the view; a user has 25 on average")
    parser.add_argument("--repeats", type=int, default=5, help="interleaved runs, after one to warm up")
    parser.add_argument("--large", type=int, default=1_000_000, help="entities whose memory is measured; 0 for none")
    return parser.parse_args(arguments)


class Spent(NamedTuple):
    """Seconds by the clock, and CPU seconds of this process and of the server."""

    wall: float
    cpu: float
    server: float


def _spent(server: Redis, work: Callable[[], object]) -> Spent:
    before = _server_cpu(server)
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu, _server_cpu(server) - before)


def _server_cpu(server: Redis) -> float:
    found: Any = server.info("cpu")
    return float(found["used_cpu_user"]) + float(found["used_cpu_sys"])


def _cpu(runs: Sequence[Spent]) -> float:
    return statistics.median(run.cpu + run.server for run in runs)


def _finish(shop: Shop) -> int:
    """Write the finished values that the peer reads, and give how many entities have some."""
    client = OnlineFeatures.connect(shop.root / "feature_repo")
    users = list(range(shop.users))
    found = client.get_many(SERVICE, [{KEY: user} for user in users])
    there = [(user, row) for user, row in zip(users, found, strict=True) if "not_found" not in row.statuses.values()]
    frame = pd.DataFrame([row.values for _, row in there]).convert_dtypes(dtype_backend="pyarrow")
    frame[KEY] = [user for user, _ in there]
    frame["event_timestamp"] = pd.Timestamp(to_datetime(END))
    frame.to_parquet(shop.root / "finished.parquet")
    return len(there)


def _stock(store: FeatureStore) -> None:
    # Feast's store leaves a row that is as new alone: the end of the range is not what it compares, the row's time is.
    store.materialize(to_datetime(END - 1), datetime.now(UTC))


def _compare(shop: Shop, stock: FeatureStore) -> None:
    """Stop unless both give the same values."""
    keys: list[dict[str, Any]] = [{KEY: user} for user in range(COMPARED)]
    ours = OnlineFeatures.connect(shop.root / "feature_repo").get_many(SERVICE, keys, to_datetime(END))
    found = stock.get_online_features(stock.get_feature_service(SERVICE), keys).to_dict()
    for place, row in enumerate(ours):
        for name, value in row.values.items():
            other = found[name][place]
            if "not_found" not in row.statuses.values() and value != other:
                message = f"user {place}, {name}: {value!r} and {other!r}"
                raise SystemExit(message)


def _bytes(server: Redis, pattern: bytes) -> list[int]:
    """Give the memory of each key, sorted."""
    return sorted(_asked(server, pattern, lambda pipe, name: pipe.memory_usage(name)))


def _lengths(server: Redis, pattern: bytes) -> list[int]:
    """Give the bytes of each state, without what the store keeps before it."""
    return [size - STAMP for size in _asked(server, pattern, lambda pipe, name: pipe.strlen(name))]


def _asked(server: Redis, pattern: bytes, ask: Callable[[Any, bytes], object]) -> list[int]:
    names, found = list(server.scan_iter(pattern, count=1_000)), []
    for start in range(0, len(names), 1_000):
        with server.pipeline(transaction=False) as pipe:
            for name in names[start : start + 1_000]:
                ask(pipe, name)
            found += pipe.execute()
    return found


def _row(name: str, entities: int, runs: Sequence[Spent], sizes: Sequence[int]) -> dict[str, Any]:
    wall, cpu, server = (statistics.median(column) for column in zip(*runs, strict=True))
    return {
        "plan": name,
        "entities": entities,
        "wall_s": round(wall, 2),
        "entities_s": round(entities / wall),
        "cpu_s": round(cpu, 2),
        "redis_cpu_s": round(server, 2),
        "bytes": round(statistics.fmean(sizes)),
        "p50": sizes[len(sizes) // 2],
        "p99": sizes[len(sizes) * 99 // 100],
        "largest": sizes[-1],
    }


def _large(data: Path, entities: int) -> float:
    """Give the largest memory of a process that materializes so many entities, in MiB."""
    with tempfile.TemporaryDirectory(dir=data) as folder, servers.redis(Path(folder)) as port:
        shop = make_shop(Path(folder) / "shop", port, entities * EVENTS_AN_ENTITY)
        register(shop.project)
        done = measured(MODULE, "ours", shop.root, shop.events)
    mib = done.peak_gib * 1024
    print(f"{entities:,} entities: {done.wall_s:.0f} s, {done.cpu_s:.0f} CPU s, {mib:.0f} MiB at most\n")
    return done.peak_gib * 1024


def _prepared(root: Path, _: int) -> Callable[[Clock], None]:
    project = Project.load(root)

    def work(clock: Clock) -> None:
        materialize(project)
        clock.mark("materialize")

    return work


if __name__ == "__main__":
    main(sys.argv[1:])
