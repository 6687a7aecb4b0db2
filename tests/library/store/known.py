"""A shop with batch views and labels beside its windowed views."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pyarrow as pa
from deltalake import write_deltalake

from riskloom.lake.paths import Lake
from riskloom.windows.tables import ARROW
from tests.library.store.conftest import Shop, at, event

if TYPE_CHECKING:
    from pathlib import Path

PROFILES = """
from features.all import login_v1, logins, pair, user
from riskloom import BatchFeatureView, EventSource, FeatureService, FeatureView, LabelSource, aggregate

user_profile = BatchFeatureView(
    name="user_profile", entity=user, table="batch/user_profile", ttl="1h", timestamp="written_ts", created="made_ts",
    columns={"tier": "string", "limit": "int64", "since": "timestamp"},
)
pair_profile = BatchFeatureView(
    name="pair_profile", entity=pair, table="batch/pair_profile", timestamp="written_ts", columns={"trust": "float64"},
)
reports = EventSource(
    name="reports", files="reports/*.log", transform="logins:to_events", available="reported_at",
    columns={"user_name": "string", "confirmed": "bool", "reported_at": "timestamp"},
)
confirmed = LabelSource(name="confirmed", entity=user, source=reports, value="confirmed")
user_reports = FeatureView(
    name="user_reports", entity=user, source=reports, windows=("1h",), aggregations=(aggregate.count("confirmed"),),
)
known_v1 = FeatureService(name="known_v1", features=("user_profile", "user_logins:events_count_1h", "pair_profile"))
profile_v1 = FeatureService(name="profile_v1", features=("user_profile",))
pair_profile_v1 = FeatureService(name="pair_profile_v1", features=("pair_profile",))
reported_v1 = FeatureService(name="reported_v1", features=("user_reports",))
"""
PROFILE = {"user_name": "string", "tier": "string", "limit": "int64", "since": "timestamp"}
TIMES = {"written_ts": "timestamp", "made_ts": "timestamp"}


def table(rows, columns):
    schema = pa.schema([(name, ARROW[dtype]) for name, dtype in columns.items()])
    return pa.Table.from_pylist(rows, schema=schema)


def write(path, rows, columns, mode="overwrite"):
    path.mkdir(parents=True, exist_ok=True)
    write_deltalake(str(path), table(rows, columns), mode=mode)


def profile(minutes, tier, made=None, **columns):
    row = {"user_name": "ann", "tier": tier, "limit": 1, "since": at(0), "written_ts": at(minutes)}
    return {**row, "made_ts": at(minutes if made is None else made), **columns}


def report(minutes, reported, confirmed, **columns):
    row = {"user_name": "ann", "confirmed": confirmed, "reported_at": at(reported)}
    ids = {"event_id": f"{minutes}-{reported}", "event_ts": at(minutes), "available_ts": at(reported)}
    return {**row, **ids, **columns}


REPORT = {
    "user_name": "string",
    "confirmed": "bool",
    "reported_at": "timestamp",
    "event_id": "string",
    "event_ts": "timestamp",
    "available_ts": "timestamp",
}


class Known(Shop):
    """A shop with batch views and labels beside its windowed views."""

    @property
    def lake(self):
        return Lake(self.project.settings.lake)

    def profiles(self, rows, mode="overwrite"):
        write(self.lake.root / "batch" / "user_profile", rows, {**PROFILE, **TIMES}, mode)

    def trust(self, rows):
        columns = {"device_id": "string", "account_id": "string", "trust": "float64", "written_ts": "timestamp"}
        write(self.lake.root / "batch" / "pair_profile", rows, columns)

    def reports(self, rows, mode="overwrite"):
        write(self.lake.silver("reports"), rows, REPORT, mode)
        columns = {name: dtype for name, dtype in REPORT.items() if name != "reported_at"}
        write(self.lake.gold("user_reports"), [{k: row[k] for k in columns} for row in rows], columns, mode)


def spine(minutes, **columns):
    keys = {"user_name": "ann", "device_id": "1", "account_id": "23"}
    return [{**keys, "event_timestamp": at(m), **columns} for m in minutes]


def make_known(root: Path) -> Known:
    """Add batch views and labels to a shop, and write all of its tables."""
    shop = Known(root)
    shop.write([event(0), event(1)])
    (shop.root / "features" / "known.py").write_text(PROFILES)
    for name in [name for name in sys.modules if name.partition(".")[0] == "features"]:
        del sys.modules[name]
    shop.profiles(
        [profile(0, "new"), profile(10, "gold", made=11), profile(10, "silver", made=12), profile(10, "?", 9)]
    )
    shop.trust(
        [
            {"device_id": device, "account_id": account, "trust": trust, "written_ts": at(0)}
            for device, account, trust in (("1", "23", 0.1), ("12", "3", 0.2))
        ]
    )
    shop.reports([report(0, 30, True), report(0, 90, False), report(1, 40, True)])
    return shop
