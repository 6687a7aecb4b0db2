"""What the online benchmarks read: one view of forty windowed features in Redis, and Feast's stock store beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Float64, Int64, String

from benchmarks.events import DAYS, EIGHT, START, WINDOWS, prepare, view
from riskloom.intervals import DAY, to_datetime
from riskloom.lake import ops
from riskloom.lake.bucketed.follow import follow
from riskloom.lake.paths import Lake
from riskloom.lake.tasks import InProcess
from riskloom.project import Project
from riskloom.store.values import to_key, to_value
from riskloom.windows.gold import gold_layout

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from riskloom.store.client import OnlineRow

END = START + DAYS * DAY
SERVICE, VIEW, KEY = "payments_v1", "user_payments", "user_id"
LATE_SERVICE, LATE_VIEW, DELAY = "late_payments_v1", "late_payments", "1h"
_FEAST_TYPES = {"int64": Int64, "float64": Float64, "string": String}
_FILES = {
    "riskloom.toml": '[project]\nname = "shop"\n',
    "expectations/__init__.py": "",
    "transforms/__init__.py": "",
    "transforms/payments.py": "def to_events(records):\n    return records\n",
    "features/__init__.py": "",
    "features/all.py": f"""
        from riskloom import Entity, EventSource, FeatureService, FeatureView, aggregate

        payments = EventSource(
            name="payments", files="payments/{{date}}.jsonl", transform="payments:to_events",
            columns={{"user_id": "int64", "device": "string", "amount": "int64"}},
        )
        user_payments = FeatureView(
            name="{VIEW}", entity=Entity.of("user", user_id="int64"), source=payments, windows={tuple(WINDOWS)!r},
            aggregations=(
                aggregate.count(), aggregate.sum("amount"), aggregate.mean("amount"), aggregate.min("amount"),
                aggregate.max("amount"), aggregate.stddev("amount"), aggregate.last("amount"),
                aggregate.count_distinct("device"),
            ),
        )
        payments_v1 = FeatureService(name="{SERVICE}", features=("{VIEW}",))
    """,
    "feature_repo/feature_store.yaml": """
        project: shop
        provider: local
        registry: {registry_type: sql, path: "sqlite:///../.riskloom/registry.db", cache_ttl_seconds: 3600}
        offline_store: {type: riskloom.store.offline.RiskloomOfflineStore}
        batch_engine: {type: riskloom.store.engine.RiskloomComputeEngine}
        online_store:
          type: riskloom.store.online.RiskloomOnlineStore
          inner: {type: redis, connection_string: "127.0.0.1:PORT"}
          clock: watermark
        coerce_tz_aware: false
        entity_key_serialization_version: 3
    """,
    "peer/feature_store.yaml": """
        project: peer
        provider: local
        registry: {registry_type: sql, path: "sqlite:///REGISTRY", cache_ttl_seconds: 3600}
        online_store: {type: redis, connection_string: "127.0.0.1:PORT"}
        entity_key_serialization_version: 3
    """,
}

# The same forty features as of an hour before.
_LATE = {
    "features/late.py": f"""
        from dataclasses import replace

        from features.all import user_payments
        from riskloom import FeatureService

        late_payments = replace(
            user_payments, name="{LATE_VIEW}",
            aggregations=tuple(replace(one, delay="{DELAY}") for one in user_payments.aggregations),
        )
        late_payments_v1 = FeatureService(name="{LATE_SERVICE}", features=("{LATE_VIEW}",))
    """,
}


@dataclass(frozen=True, slots=True)
class Shop:
    """A project on a Redis, with its gold table filled.

    Attributes:
        root: Its folder.
        users: How many users may have events.
        events: Rows of the gold table.
    """

    root: Path
    users: int
    events: int

    @property
    def project(self) -> Project:
        """The project."""
        return Project.load(self.root)


def make_shop(root: Path, port: int, events: int, *, late: bool = False) -> Shop:
    """Make a project whose view has so many events; with ``late`` another one whose windows have a delay."""
    for name, text in {**_FILES, **(_LATE if late else {})}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        filled = dedent(text).replace("PORT", str(port)).replace("REGISTRY", str(root / "peer" / "registry.db"))
        path.write_text(filled)
    shop = Shop(root, max(1, events // 25), events)
    lake = Lake(shop.project.settings.lake)
    for name in shop.project.views:
        follow(prepare(root.parent, events), lake.gold(name), gold_layout(shop.project.views[name]), InProcess())
        record = ops.ViewRecord(
            view=name, gold_version=0, silver_version=0, watermark=END, events=events, run_id="bench", recorded_ts=1
        )
        ops.append_view(lake, record)
    return shop


def peer(shop: Shop) -> FeatureStore:
    """Register a plain view of the same forty features in Feast's stock Redis store."""
    store = FeatureStore(repo_path=str(shop.root / "peer"))
    user = Entity(name=KEY, join_keys=[KEY], value_type=ValueType.INT64)
    features = [Field(name=feature.name, dtype=_FEAST_TYPES[feature.dtype]) for feature in view(EIGHT, None).features]
    source = FileSource(name="finished", path=str(shop.root / "finished.parquet"), timestamp_field="event_timestamp")
    table = FeatureView(
        name=VIEW, entities=[user], schema=[Field(name=KEY, dtype=Int64), *features], source=source, ttl=timedelta(0)
    )
    store.apply([user, table, FeatureService(name=SERVICE, features=[table])])
    return store


def write_finished(store: FeatureStore, users: Sequence[int], rows: Sequence[OnlineRow]) -> None:
    """Write finished values as Feast's engine does, by ``online_write_batch``."""
    table = store.get_feature_view(VIEW)
    types = {feature.name: feature.dtype for feature in view(EIGHT, None).features}
    data: list[Any] = [
        (
            to_key(((KEY, "int64"),), [user]),
            {name: to_value(value, types[name]) for name, value in row.values.items()},
            to_datetime(END),
            datetime.now(UTC),
        )
        for user, row in zip(users, rows, strict=True)
    ]
    for start in range(0, len(data), 1_000):
        store.provider.online_write_batch(store.config, table, data[start : start + 1_000], None)
