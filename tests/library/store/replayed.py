"""A log that is replayed by a virtual clock through batch, push and read, beside the oracle."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from deltalake import write_deltalake

from riskloom.intervals import HOUR, MINUTE, SECOND, available, to_datetime
from riskloom.lake import ops
from riskloom.lake.paths import Lake
from riskloom.store.client import OnlineFeatures
from riskloom.store.materialize import materialize
from riskloom.store.recent import EXPIRY
from riskloom.store.register import register
from riskloom.testing import naive
from riskloom.windows.tables import ARROW, INSTANT

if TYPE_CHECKING:
    import random

    from tests.library.store.conftest import Shop

FEATURES = """
from riskloom import Entity, EventSource, FeatureService, FeatureView, Filter, aggregate

columns = {"id": "string", "user": "string", "device": "string", "kind": "string", "units": "int64", "amount": "float64"}
orders = EventSource(
    name="orders", files="o/*.log", transform="logins:to_events", columns=columns, event_id=("id",), delay="DELAY"
)
reports = EventSource(
    name="reports", files="r/*.log", transform="logins:to_events", columns={**columns, "seen": "timestamp"},
    event_id=("id",), available="seen",
)
user = Entity.of("user", user="string")
pair = Entity.of("pair", user="string", device="string")
device = Entity.of("device", device="string")
big = Filter("big", "amount > 0.15 AND kind <> 'c'")
every = (
    aggregate.count(), aggregate.count("kind", where=big), aggregate.sum("units"), aggregate.sum("amount"),
    aggregate.mean("units"), aggregate.stddev("units"), aggregate.stddev("amount"), aggregate.min("amount"),
    aggregate.max("units"), aggregate.first("kind"), aggregate.last("kind", where=big), aggregate.last("amount"),
    aggregate.count_distinct("device"), aggregate.time_since_last(),
    aggregate.ratio(aggregate.count(where=big), aggregate.count()),
)
windows = ("5m", "1h", "6h")
user_orders = FeatureView(name="user_orders", entity=user, source=orders, windows=windows, aggregations=every)
few_orders = FeatureView(
    name="few_orders", entity=user, source=orders, windows=("1h",), max_recent=3, hold="30m",
    aggregations=(aggregate.count(), aggregate.sum("units"), aggregate.last("kind")),
)
later_orders = FeatureView(
    name="later_orders", entity=user, source=orders, windows=("1h",),
    aggregations=(
        aggregate.count(delay="10m"), aggregate.sum("units", delay="10m"), aggregate.last_k("kind", 3),
        aggregate.entropy("device"), aggregate.top_k("kind", 2), aggregate.quantile("units", 0.5, low=1, high=2**50),
        aggregate.decayed_sum("amount", half_life="10m"), aggregate.zscore("amount", baseline="6h"),
        aggregate.gap_mean(), aggregate.time_since_first(), aggregate.novelty(history="6h"),
    ),
)
user_reports = FeatureView(name="user_reports", entity=user, source=reports, windows=windows, aggregations=every)
others = FeatureView(
    name="others", entity=pair, source=orders, windows=("1h", "6h"),
    aggregations=(
        aggregate.count(), aggregate.leave_own_out(aggregate.count(), within=device),
        aggregate.leave_own_out(aggregate.sum("units"), within=device),
        aggregate.leave_own_out(aggregate.mean("amount"), within=device),
    ),
)
VIEWS = ("user_orders", "few_orders", "later_orders", "user_reports", "others")
all_v1 = FeatureService(name="all_v1", features=VIEWS, full_feature_names=True)
"""
START = 1_291_190_400 * SECOND
USERS, DEVICES = ("ann", "bob", "cid"), ("d1", "d2", "d3", "")


@dataclass
class Replay:
    """One log, its gold tables, and what was pushed of it."""

    shop: Shop
    chance: random.Random
    now: int = START
    watermark: int = START - HOUR
    waiting: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    gold: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {"orders": [], "reports": []})
    pushed: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    refused: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    made: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    batches: int = 0
    compared: int = 0
    saturated: int = 0

    def __post_init__(self) -> None:
        (self.shop.root / "features" / "all.py").write_text(FEATURES.replace("DELAY", self.chance.choice(("0s", "5s"))))
        self.project = self.shop.project
        self.views = self.project.views
        self.lake = Lake(self.project.settings.lake)
        self.batch()
        register(self.project)
        materialize(self.project)
        self.client = OnlineFeatures.connect(self.shop.repo)

    def step(self) -> None:
        """Let some time pass, and something happen."""
        self.now += self.chance.choice((1, SECOND, 20 * SECOND, MINUTE, 4 * MINUTE))
        if self.chance.random() < 0.5:
            self.happen()
        if self.made and self.chance.random() < 0.2:
            # A retry, or one that was put off.
            self.push(*self.chance.choice(self.made[-40:]))
        if self.chance.random() < 0.06:
            self.batch()
            materialize(self.project, full=self.batches % 5 == 0)

    def happen(self) -> None:
        name, row = self.chance.choice(("orders", "orders", "reports")), self.row()
        if name == "reports":
            row["seen"] = row["event_ts"] + self.chance.choice((0, SECOND, 30 * MINUTE, 5 * HOUR))
            row["available_ts"] = row["seen"]
        else:
            row["available_ts"] = row["event_ts"] + (5 * SECOND if self.project.sources["orders"].delay == "5s" else 0)
        if self.chance.random() < 0.97:
            # Most of the log comes in minutes, some of it late, and a little never.
            self.waiting.append((self.now + self.chance.choice((MINUTE, 5 * MINUTE, 5 * MINUTE, 8 * HOUR)), name, row))
        self.made.append((name, row))
        if self.chance.random() < 0.8:
            self.push(name, row)

    def row(self) -> dict[str, Any]:
        chance = self.chance
        shift = chance.choice((0, 0, 0, 1, SECOND, MINUTE, 3 * HOUR))
        return {
            "id": f"{chance.randrange(10**9)}-é",
            "user": chance.choice((*USERS, "ann", "ann", None)),
            "device": chance.choice((*DEVICES, None)),
            "kind": chance.choice(("a", "b", "c", None)),
            "units": chance.choice((0, 1, -7, 2**40, 2**50, None)),
            "amount": chance.choice((0.1, 0.2, -0.3, 1e15, math.nan, None)),
            # Several events of one instant, and ones that come late.
            "event_ts": (self.now - shift) // SECOND * SECOND,
        }

    def push(self, name: str, row: dict[str, Any]) -> None:
        """Push an event to all views of its source, and note in which it counts from now on."""
        event = {key: value for key, value in row.items() if key != "available_ts"}
        event["event_ts"] = to_datetime(row["event_ts"])
        if "seen" in row:
            event["seen"] = to_datetime(row["seen"])
        for outcome in self.client.push(name, [event]):
            self.statuses[outcome.status] = self.statuses.get(outcome.status, 0) + 1
            if outcome.status == "accepted":
                assert row["id"] not in self.pushed.get(outcome.view, {})
                self.pushed.setdefault(outcome.view, {})[row["id"]] = row
            if outcome.status == "recent_full":
                self.refused.setdefault(outcome.view, []).append(row)

    def batch(self) -> None:
        """Bring what the log has by now into the gold tables, correct a row and take one out, and say how far it is."""
        self.batches += 1
        there = [item for item in self.waiting if item[0] <= self.now]
        self.waiting = [item for item in self.waiting if item[0] > self.now]
        for _, name, row in there:
            self.gold[name].append(row)
        if self.gold["orders"] and self.chance.random() < 0.3:
            place = self.chance.randrange(len(self.gold["orders"]))
            self.gold["orders"][place] = {**self.gold["orders"][place], "units": 3}
        self.watermark = max(self.watermark, self.now - self.chance.choice((0, MINUTE, HOUR)))
        for view in self.views.values():
            self._write(view)
        for mine in self.pushed.values():
            known = {row["id"] for rows in self.gold.values() for row in rows}
            for event_id in [event_id for event_id, row in mine.items() if event_id in known or self._expired(row)]:
                del mine[event_id]
        for view, rows in self.refused.items():
            # A state lacks nothing any more once its source is complete up to the newest event that found no room.
            newest: dict[str, int] = {}
            for row in rows:
                newest[row["user"]] = max(newest.get(row["user"], 0), row["event_ts"])
            self.refused[view] = [row for row in rows if newest[row["user"]] >= self.watermark]

    def _expired(self, row: dict[str, Any]) -> bool:
        return row["event_ts"] < self.watermark - EXPIRY

    def _write(self, view: Any) -> None:
        columns = {column: ARROW[view.source.columns[column]] for column in view.event_columns}
        ids = [("event_id", pa.string()), ("event_ts", INSTANT), ("available_ts", INSTANT)]
        rows = [{**row, "event_id": row["id"]} for row in self.gold[view.source.name]]
        path = self.lake.gold(view.name)
        path.mkdir(parents=True, exist_ok=True)
        write_deltalake(str(path), pa.Table.from_pylist(rows, pa.schema([*columns.items(), *ids])), mode="overwrite")
        record = ops.ViewRecord(
            view=view.name,
            gold_version=0,
            silver_version=0,
            watermark=self.watermark,
            events=len(rows),
            run_id="test",
            recorded_ts=self.batches,
        )
        ops.append_view(self.lake, record)

    def read(self) -> None:
        """Read every feature of some keys at this instant, and compare each with the oracle."""
        at = self.now + self.chance.choice((0, 1))
        keys = [{"user": user, "device": self.chance.choice(DEVICES)} for user in (*USERS, "zoe")]
        for key, row in zip(keys, self.client.get_many("all_v1", keys, to_datetime(at)), strict=True):
            for view in self.views.values():
                self._compare(view, key, row, at)

    def _compare(self, view: Any, key: dict[str, str], row: Any, at: int) -> None:
        mine = {column: key[column] for column in view.entity.key_columns}
        known = [*self.gold[view.source.name], *self.pushed.get(view.name, {}).values()]
        shared = {column: key[column] for column in view.partition_keys}
        near = [
            {**event, "event_id": event["id"]}
            for event in known
            if all(event[column] == value for column, value in shared.items()) and available(event["available_ts"], at)
        ]
        lacking = [
            event["event_ts"]
            for event in self.refused.get(view.name, ())
            if all(event[column] == value for column, value in shared.items())
        ]
        for feature in view.features:
            name = f"{view.name}__{feature.name}"
            found = row.values[name]
            start = min(leaf.window.start(at) for leaf in feature.leaves)
            if lacking and start <= max(lacking) and min(lacking) < at:
                assert (found, row.statuses[name]) == (None, "saturated"), (name, key, at)
                self.saturated += 1
                continue
            wanted = naive.feature_value(feature, near, mine, at)
            same = found == wanted or (
                isinstance(found, float)
                and isinstance(wanted, float)
                and abs(found - wanted) <= naive.tolerance(feature, near, mine, at)
            )
            assert same, (name, key, at, found, wanted, row.statuses[name], self.batches)
            self.compared += 1
