from __future__ import annotations

import shutil
import sys
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from riskloom.intervals import to_datetime, to_micros
from riskloom.lake import ops
from riskloom.lake.paths import Lake
from riskloom.project import Project
from riskloom.windows.tables import ARROW, INSTANT

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

FILES = {
    "riskloom.toml": '[project]\nname = "shop"\n',
    "expectations/__init__.py": "",
    "transforms/__init__.py": "",
    "transforms/logins.py": "def to_events(records):\n    return records\n",
    "features/__init__.py": "",
    "features/all.py": """
        from riskloom import Entity, EventSource, FeatureService, FeatureView, Filter, aggregate

        logins = EventSource(
            name="logins",
            files="logins/*.log",
            transform="logins:to_events",
            columns={
                "user_name": "string", "device_id": "string", "account_id": "string", "number": "int64",
                "action": "string", "amount": "int64", "score": "float64", "night": "bool", "seen_at": "timestamp",
            },
        )
        user = Entity.of("user", user_name="string", description="Who logs in.")
        pair = Entity.of("pair", device_id="string", account_id="string")
        numbered = Entity.of("numbered", number="int64")
        failed = Filter("failed", "action = 'failed'")
        user_logins = FeatureView(
            name="user_logins", entity=user, source=logins, windows=("5m", "1h"),
            aggregations=(
                aggregate.count(), aggregate.count(where=failed), aggregate.sum("amount"), aggregate.mean("score"),
                aggregate.last("action"), aggregate.last("night"), aggregate.last("seen_at"),
                aggregate.time_since_last(), aggregate.ratio(aggregate.count(where=failed), aggregate.count()),
            ),
            max_staleness="2h",
        )
        pair_logins = FeatureView(
            name="pair_logins", entity=pair, source=logins, windows=("1h",), max_events=MAX_EVENTS,
            aggregations=(aggregate.count(), aggregate.count(windows=("5m",)), aggregate.count_distinct("action")),
        )
        number_logins = FeatureView(
            name="number_logins", entity=numbered, source=logins, windows=("1h",),
            aggregations=(aggregate.count(hop="1us"), aggregate.stddev("amount")),
        )
        login_v1 = FeatureService(name="login_v1", features=("user_logins", "pair_logins"), full_feature_names=True)
        user_v1 = FeatureService(name="user_v1", features=("user_logins",))
        pair_v1 = FeatureService(name="pair_v1", features=("pair_logins:events_count_1h", "pair_logins:events_count_5m"))
        number_v1 = FeatureService(name="number_v1", features=("number_logins",))
    """,
    "feature_repo/definitions.py": """
        from pathlib import Path

        from riskloom.project import Project
        from riskloom.store.compile import named

        globals().update(named(Project.load(Path(__file__).resolve().parent.parent)))
    """,
    "feature_repo/feature_store.yaml": """
        project: shop
        provider: local
        registry:
          registry_type: sql
          path: sqlite:///../.riskloom/registry.db
          cache_ttl_seconds: 60
        offline_store:
          type: riskloom.store.offline.RiskloomOfflineStore
        batch_engine:
          type: riskloom.store.engine.RiskloomComputeEngine
        online_store:
          type: riskloom.store.online.RiskloomOnlineStore
          inner:
            type: sqlite
            path: ../.riskloom/online.db
          clock: CLOCK
        coerce_tz_aware: false
        entity_key_serialization_version: 3
    """,
}
START = "2010-12-01T08:00:00Z"
HOUR, MINUTE = 3_600_000_000, 60_000_000


def at(minutes: float) -> datetime:
    """Give an instant by minutes after START."""
    return to_datetime(to_micros(START) + round(minutes * MINUTE))


def event(minutes: float, **columns: Any) -> dict[str, Any]:
    row = {
        "user_name": "ann",
        "device_id": "d1",
        "account_id": "a1",
        "number": 7,
        "action": "accepted",
        "amount": 100,
        "score": 0.5,
        "night": False,
        "seen_at": at(minutes),
        "event_id": f"{minutes}",
        "event_ts": at(minutes),
        **columns,
    }
    return {"available_ts": row["event_ts"], **row}


@dataclass
class Shop:
    """A project in a folder of its own."""

    root: Path

    @property
    def project(self) -> Project:
        return Project.load(self.root)

    @property
    def repo(self) -> Path:
        return self.root / "feature_repo"

    @property
    def online(self) -> Path:
        return self.root / ".riskloom" / "online.db"

    def redeclare(self, old: str, new: str, file: str = "all.py") -> Project:
        """Change a declaration, and load the project as a new process would."""
        self.edit(old, new, file)
        return self.project

    def edit(self, old: str, new: str, file: str = "all.py") -> None:
        """Change a declaration, and forget what was imported of it."""
        path = self.root / "features" / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        shutil.rmtree(path.parent / "__pycache__", ignore_errors=True)
        for name in [name for name in sys.modules if name.partition(".")[0] == "features"]:
            del sys.modules[name]

    def write(self, rows: list[dict[str, Any]], watermark: datetime | None = None, mode: str = "overwrite") -> None:
        """Write each view's gold table, and say up to when it is complete."""
        project = self.project
        lake = Lake(project.settings.lake)
        for view in project.views.values():
            columns = {column: ARROW[view.source.columns[column]] for column in view.event_columns}
            schema = pa.schema(
                [*columns.items(), ("event_id", pa.string()), ("event_ts", INSTANT), ("available_ts", INSTANT)]
            )
            path = lake.gold(view.name)
            path.mkdir(parents=True, exist_ok=True)
            write_deltalake(str(path), pa.Table.from_pylist(rows, schema=schema), mode=mode)
            if watermark is not None:
                recorded = ops.latest_view(lake, view.name)
                ops.append_view(
                    lake,
                    ops.ViewRecord(
                        view=view.name,
                        gold_version=0,
                        silver_version=0,
                        watermark=to_micros(watermark),
                        events=len(rows),
                        run_id="test",
                        recorded_ts=1 if recorded is None else recorded.recorded_ts + 1,
                    ),
                )


def _make(root: Path, clock: str, max_events: int) -> Shop:
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).replace("CLOCK", clock).replace("MAX_EVENTS", str(max_events)))
    return Shop(root)


def _no_waiting_for_disks() -> None:
    """Let this process's registries commit without waiting for the disk: of what a machine's fall leaves no test asks."""
    from sqlalchemy import Engine
    from sqlalchemy import event as events

    @events.listens_for(Engine, "connect")
    def unsynced(connection: Any, _: Any) -> None:
        if type(connection).__module__ == "sqlite3":
            connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture(scope="session")
def make_shop(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Shop]:
    """Make a project of three views, in a folder of its own; nothing is registered yet."""

    _no_waiting_for_disks()

    def make(clock: str = "watermark", max_events: int = 10_000) -> Shop:
        return _make(tmp_path_factory.mktemp("shop"), clock, max_events)

    return make
