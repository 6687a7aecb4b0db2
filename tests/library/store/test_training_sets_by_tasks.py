"""Kept training sets that tasks write: rows, order and bytes, whatever runs the tasks and however the rows are cut."""

from __future__ import annotations

import json
from random import Random

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from riskloom.errors import SpineError
from riskloom.lake.bucketed.follow import follow
from riskloom.lake.paths import Lake
from riskloom.lake.tasks import InProcess
from riskloom.store import by_tasks, kept, kept_files, table_tasks
from riskloom.store.parts import parts_of
from riskloom.store.reproduce import reproduce
from riskloom.store.spine import to_arrow
from riskloom.store.training import build_training_set
from riskloom.windows.gold import gold_layout
from tests.library.store.conftest import at, event
from tests.library.store.known import make_known, spine

pytestmark = pytest.mark.feast

ROWS = [
    *spine([0, 1, 9.99, 70, 70.01, 0], row=1),
    *spine([5, 6], user_name=None, row=2),
    *spine([7], user_name="bob", account_id="x", row=3),
]


@pytest.fixture
def known(make_shop):
    known = make_known(make_shop().root)
    known.write([event(0), event(1), event(3, user_name="bob", event_id="b")])
    project = known.project
    for view in project.views.values():
        plain = Lake(project.settings.lake).silver(f"{view.name}_plain")
        plain.parent.mkdir(exist_ok=True)
        gold = Lake(project.settings.lake).gold(view.name)
        gold.rename(plain)
        follow(plain, gold, gold_layout(view), InProcess())
    return known


def build(known, folder, output="parquet", rows=ROWS, runner="spark"):
    return build_training_set(
        "known_v1",
        rows,
        project=known.root,
        labels=["confirmed"],
        label_maturity="39m",
        output=output,
        out=folder,
        runner=runner,
    )


def read(path):
    return pq.read_table(path) if path.suffix else DeltaTable(str(path)).to_pyarrow_table()


@pytest.fixture
def in_process(monkeypatch):
    monkeypatch.setattr(kept, "spark_tasks", lambda _: InProcess())


@pytest.mark.parametrize("bytes_a_task", [0, 2**30])
@pytest.mark.parametrize(("output", "stretch"), [("parquet", 2), ("parquet", 100), ("delta", 5)])
def test_tasks_keep_rows_and_order_in_files_of_any_size(
    known, tmp_path, monkeypatch, in_process, output, stretch, bytes_a_task
):
    monkeypatch.setattr(table_tasks, "TASK_BYTES", bytes_a_task)
    rows = Random(3).sample(ROWS * 3, len(ROWS) * 3)
    wanted = read(build(known, tmp_path / "here", output, rows, "in_process"))
    monkeypatch.setattr(kept_files, "ROWS_A_GROUP", stretch)
    path = build(known, tmp_path / "set", output, rows)
    assert read(path).to_pylist() == wanted.to_pylist()
    assert len(list(path.glob("part-*.parquet"))) == -(-len(rows) // stretch)
    assert not [left for left in path.iterdir() if not left.name.startswith(("part-", "_delta_log"))]
    again = reproduce(known.project.settings, tmp_path / "set", tmp_path / "again")
    assert again.as_text() == "Same bytes."
    assert read(tmp_path / "again" / path.name).to_pylist() == wanted.to_pylist()
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text())
    assert (manifest["runner"], manifest["rows"]) == ("spark", len(rows))
    assert manifest["content_sha256"] == json.loads((tmp_path / "here" / "manifest.json").read_text())["content_sha256"]


@pytest.mark.parametrize("bytes_a_task", [0, 2**30])
@pytest.mark.parametrize("service", ["known_v1", "profile_v1"])
def test_tasks_give_features_in_the_order_of_the_spine(known, tmp_path, monkeypatch, service, bytes_a_task):
    monkeypatch.setattr(table_tasks, "TASK_BYTES", bytes_a_task)
    monkeypatch.setattr(kept_files, "ROWS_A_GROUP", 4)
    rows = to_arrow(Random(4).sample(ROWS * 2, len(ROWS) * 2))
    wanted = build_training_set(service, rows, project=known.root, output="arrow", runner="in_process")
    kept_files.write_parquet(rows, tmp_path / "spine.parquet")
    lake, parts = Lake(known.project.settings.lake), parts_of(known.project, service)
    found = by_tasks.collect(InProcess(), lake, parts, tmp_path / "spine.parquet", tmp_path)
    assert found.to_pylist() == wanted.select(found.column_names).to_pylist()
    assert [*rows.column_names, *found.column_names] == wanted.column_names
    assert [left.name for left in tmp_path.iterdir() if left.is_dir() and left != known.root] == []


def test_a_frame_comes_back_and_a_taken_name_is_refused(known, tmp_path, in_process):
    taken = [{**row, "tier": "mine"} for row in ROWS]
    with pytest.raises(SpineError, match=r"^the spine has a column 'tier' already, which is the name of a feature"):
        build(known, tmp_path / "set", rows=taken)
    assert not list(tmp_path.iterdir())
    frame = build(known, tmp_path / "set", "arrow")
    assert frame.select(["row"]).to_pylist() == [{"row": row["row"]} for row in ROWS]


@pytest.mark.spark
def test_tasks_of_spark_write_the_same_bytes(known, tmp_path, monkeypatch, spark):
    monkeypatch.setattr(kept_files, "ROWS_A_GROUP", 4)
    there = build(known, tmp_path / "there")
    monkeypatch.setattr(kept, "spark_tasks", lambda _: InProcess())
    here = build(known, tmp_path / "here")
    files = sorted(path.name for path in here.iterdir())
    assert files == ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet"]
    for name in files:
        assert (there / name).read_bytes() == (here / name).read_bytes()
    assert at(0) == read(there)["event_timestamp"][0].as_py()
