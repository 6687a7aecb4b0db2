"""The platform's services, read by the scorer's client: each of them, whatever its views are made of."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from riskloom.intervals import to_datetime, to_micros
from riskloom.lake.paths import Lake
from riskloom.project import Project
from riskloom.store.client import OnlineFeatures
from riskloom.store.register import register
from riskloom.store.repo import open_store
from riskloom.windows.tables import ARROW

pytestmark = pytest.mark.feast
PLATFORM = Path(__file__).parents[3] / "demo" / "platform"
READY = to_datetime(to_micros("2025-06-01T00:00:00Z"))


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("platform") / "project"
    shutil.copytree(PLATFORM, root, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("riskloom.toml", "feature_repo/feature_store.yaml"):
        path = root / name
        path.write_text(re.sub(r"(\.\./)+\.riskloom", str(root / "state"), path.read_text()))
    (root / "state" / "platform").mkdir(parents=True)
    found = Project.load(root)
    register(found)
    return found


def test_each_service_is_read_in_its_declared_order_before_anything_is_materialized(project):
    client = OnlineFeatures.connect(project.settings.feature_repo)
    for name in project.services:
        service = client.service(name)
        row = client.get(name, {key: "x" if dtype == "string" else 1 for key, dtype in service.keys.items()}, READY)
        assert list(row.values) == list(client.columns(name)) == client.to_arrow(name, [row]).column_names
        assert set(row.statuses.values()) <= {"before_state", "not_found"}


def test_a_view_that_a_batch_job_writes_is_read_beside_windowed_ones(project):
    view = project.batch_views["account_graph"]
    columns = {**dict(view.entity.keys), **view.columns, view.timestamp: "timestamp"}
    values = {"string": "a1", "int64": 2, "float64": 0.5, "timestamp": READY}
    rows = [{name: values[dtype] for name, dtype in columns.items()}]
    path = Lake(project.settings.lake).root / view.table
    path.mkdir(parents=True)
    write_deltalake(str(path), pa.Table.from_pylist(rows, pa.schema([(n, ARROW[d]) for n, d in columns.items()])))
    day = timedelta(days=1)
    open_store(project.settings.feature_repo).materialize(READY - day, READY + day, feature_views=["account_graph"])
    client = OnlineFeatures.connect(project.settings.feature_repo)
    name = "account_graph__two_hop_fraud_share"
    for key, later, wanted in (
        ("a1", 8 * day, (0.5, "present")),
        ("a1", 9 * day, (None, "outside_max_age")),
        ("a2", day, (None, "not_found")),
    ):
        keys = dict.fromkeys(project.service_keys("ring_review_v1"), "x") | {"account_id": key}
        row = client.get("ring_review_v1", keys, READY + later)
        assert (row.values[name], row.statuses[name]) == wanted
