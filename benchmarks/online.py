"""Reading forty windowed features online: our client, and plain Feast over our store, against its stock store.

``python -m benchmarks.online`` starts its own Redis, compares answers, prints a table, and ends with a line of JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from redis import Redis

from benchmarks.online_shop import END, KEY, LATE_SERVICE, SERVICE, VIEW, make_shop, peer, write_finished
from riskloom.intervals import to_datetime
from riskloom.store.client import OnlineFeatures
from riskloom.store.inner.base import state_key
from riskloom.store.materialize import materialize
from riskloom.store.register import register
from riskloom.store.repo import open_store
from riskloom.tabular import as_table
from riskloom.testing import servers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from feast import FeatureStore

MANY = 100
PLACES = 5_000
MICRO = 1e6


def main(arguments: Sequence[str]) -> None:
    """Run the benchmark."""
    options = _options(arguments)
    data = Path(options.data).resolve()
    data.mkdir(parents=True, exist_ok=True)
    if not options.all_cores:
        # To wake a server on another core costs more than the read, and the kernel's choice of core would be measured.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory(dir=data) as folder, servers.redis(Path(folder)) as port:
        shop = make_shop(Path(folder) / "shop", port, options.events, late=True)
        register(shop.project)
        written = materialize(shop.project)[VIEW]
        repo = shop.root / "feature_repo"
        client, ours, stock = OnlineFeatures.connect(repo), open_store(repo), peer(shop)
        users = np.random.default_rng(3).permutation(max(shop.users, PLACES + MANY)).tolist()
        rows = client.get_many(SERVICE, [{KEY: user} for user in users])
        write_finished(stock, users, rows)
        _compare(users[:2_000], client, ours, stock)
        names = _state_names(client, users)
        timed = _timed(_plans(users, names, client, ours, stock, Redis(port=port)), options.repeats, options.reads)
        sizes = _sizes(Redis(port=port), names)
    _report(timed, sizes, written)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.online", description=__doc__)
    parser.add_argument("--data", default=".riskloom/benchmarks", help="folder of events")
    parser.add_argument("--events", type=int, default=500_000, help="events of the view; a user has 25 on average")
    parser.add_argument("--repeats", type=int, default=7, help="interleaved rounds, after one to warm up")
    parser.add_argument("--reads", type=int, default=300, help="single reads a round; a tenth of reads of a hundred")
    parser.add_argument("--all-cores", action="store_true", help="leave reader and server where the kernel puts them")
    return parser.parse_args(arguments)


def _compare(users: Sequence[int], client: OnlineFeatures, ours: FeatureStore, stock: FeatureStore) -> None:
    """Stop unless all three give the same values."""
    keys = [{KEY: user} for user in users]
    wanted = client.get_many(SERVICE, keys, to_datetime(END))
    for store in (ours, stock):
        found = store.get_online_features(store.get_feature_service(SERVICE), keys).to_dict()
        for place, row in enumerate(wanted):
            for name, value in row.values.items():
                other = found[name][place]
                same = value == other or (value is not None and other is not None and math.isclose(value, other))
                if not same:
                    message = f"user {users[place]}, {name}: {value!r} and {other!r}"
                    raise SystemExit(message)


def _state_names(client: OnlineFeatures, users: Sequence[int]) -> list[bytes]:
    views = client.views
    mark = views.read_mark(VIEW)
    codec = client.service(SERVICE).parts[0].plan.codec
    prefix = b"riskloom:shop:%b:" % VIEW.encode()
    return [prefix + state_key(mark.slot if mark else 0, codec.encode((user,))) for user in users]


def _plans(
    users: Sequence[int],
    names: Sequence[bytes],
    client: OnlineFeatures,
    ours: FeatureStore,
    stock: FeatureStore,
    raw: Redis,
) -> dict[str, tuple[int, Callable[[int], object]]]:
    """Give what is timed: how many entities, and the read from a place in the list of users on."""
    keys = [{KEY: user} for user in users]
    our_service, stock_service = ours.get_feature_service(SERVICE), stock.get_feature_service(SERVICE)
    return {
        "redis-py GET of the state": (1, lambda place: raw.get(names[place])),
        "our client": (1, lambda place: client.get(SERVICE, keys[place])),
        "Feast's SDK, our store": (1, lambda place: ours.get_online_features(our_service, [keys[place]]).to_dict()),
        "Feast's SDK, stock store": (
            1,
            lambda place: stock.get_online_features(stock_service, [keys[place]]).to_dict(),
        ),
        "our client, windows with a delay": (1, lambda place: client.get(LATE_SERVICE, keys[place])),
        "our client, 100": (MANY, lambda place: client.get_many(SERVICE, keys[place : place + MANY])),
        "Feast's SDK, our store, 100": (
            MANY,
            lambda place: ours.get_online_features(our_service, keys[place : place + MANY]).to_dict(),
        ),
        "Feast's SDK, stock store, 100": (
            MANY,
            lambda place: stock.get_online_features(stock_service, keys[place : place + MANY]).to_dict(),
        ),
    }


class Timed(NamedTuple):
    """What interleaved rounds of a read took, microseconds.

    Attributes:
        p50: Median of the rounds' medians.
        p99: Median of the rounds' p99.
        tail: p99 over p50 in the round where that is least: what else the machine does lengthens the others.
    """

    p50: float
    p99: float
    tail: float


def _timed(plans: dict[str, tuple[int, Callable[[int], object]]], repeats: int, reads: int) -> dict[str, Timed]:
    """Time each plan in interleaved rounds; the first round warms up."""
    rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in plans}
    random = np.random.default_rng(5)
    for turn in range(repeats + 1):
        for name, (entities, read) in plans.items():
            places = random.integers(0, PLACES, reads if entities == 1 else max(10, reads // 10)).tolist()
            spent = []
            for place in places:
                begun = time.perf_counter()
                read(place)
                spent.append((time.perf_counter() - begun) * MICRO)
            if turn:
                rounds[name].append((float(np.percentile(spent, 50)), float(np.percentile(spent, 99))))
    return {
        name: Timed(
            statistics.median(p50 for p50, _ in found),
            statistics.median(p99 for _, p99 in found),
            min(p99 / p50 for p50, p99 in found),
        )
        for name, found in rounds.items()
    }


def _sizes(raw: Redis, names: Sequence[bytes]) -> dict[str, object]:
    """Give the bytes that Redis uses for a key, of ours and of Feast's."""
    ours = [size for size in (raw.memory_usage(name) for name in names[:5_000]) if size]
    stock = [raw.memory_usage(name) for name in list(raw.scan_iter(b"*peer", count=5_000))[:5_000]]
    return {name: _spread(sizes) for name, sizes in (("our states", ours), ("Feast's finished values", stock))}


def _spread(sizes: Sequence[int]) -> str:
    p50, p99 = np.percentile(sizes, [50, 99])
    return f"{np.mean(sizes):.0f} mean, {p50:.0f} p50, {p99:.0f} p99, {max(sizes)} largest"


def _report(timed: dict[str, Timed], sizes: dict[str, object], written: int) -> None:
    print(f"Forty windowed features (5 windows x 8 functions), {written:,} entities, Redis on loopback, microseconds:")
    stock = {1: timed["Feast's SDK, stock store"].p50, MANY: timed["Feast's SDK, stock store, 100"].p50}
    rows = [
        {
            "read": name,
            "p50_us": round(took.p50, 1),
            "p99_us": round(took.p99, 1),
            "quietest_p99_over_p50": round(took.tail, 1),
            "times_stock": round(stock[MANY if name.endswith("100") else 1] / took.p50, 1),
        }
        for name, took in timed.items()
    ]
    print(as_table(rows, ("read", "p50_us", "p99_us", "quietest_p99_over_p50", "times_stock")), "\n")
    for name, size in sizes.items():
        print(f"Bytes of a key in Redis, {name}: {size}")
    raw, client = timed["redis-py GET of the state"].p50, timed["our client"]
    figures = {
        "p50_over_raw_redis": client.p50 / raw,
        "vs_feast_sdk_1": stock[1] / client.p50,
        "vs_feast_sdk_100": stock[MANY] / timed["our client, 100"].p50,
        "sdk_through_ours_1": stock[1] / timed["Feast's SDK, our store"].p50,
        "sdk_through_ours_100": stock[MANY] / timed["Feast's SDK, our store, 100"].p50,
        "p99_over_p50": client.tail,
        "delayed_over_raw_redis": timed["our client, windows with a delay"].p50 / raw,
    }
    print(json.dumps({name: round(value, 2) for name, value in figures.items()}))


if __name__ == "__main__":
    main(sys.argv[1:])
