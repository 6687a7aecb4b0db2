"""A gold table keeps its versions for as long as training sets must be reproduced."""

from __future__ import annotations

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from riskloom.lake.bucketed.follow import follow
from riskloom.lake.bucketed.table import Layout
from riskloom.lake.retention import keep_versions, retention_properties
from riskloom.lake.tasks import InProcess

SCHEMA = pa.schema([("key", pa.string()), ("time", pa.timestamp("us", "UTC")), ("id", pa.string())])


def test_a_table_that_is_made_has_the_properties(tmp_path):
    silver = tmp_path / "silver"
    write_deltalake(str(silver), pa.table({"key": ["a"], "time": [0], "id": ["1"]}).cast(SCHEMA))
    layout = Layout(schema=SCHEMA, keys=("key",), time="time", ties=("id",), row_id="id")
    follow(silver, tmp_path / "gold", layout, InProcess(), retention_properties("400d"))
    assert DeltaTable(str(tmp_path / "gold")).metadata().configuration == {
        "delta.deletedFileRetentionDuration": "interval 400 days",
        "delta.logRetentionDuration": "interval 400 days",
    }


def test_a_table_that_is_there_gets_them_once(tmp_path):
    batch = tmp_path / "batch"
    write_deltalake(str(batch), pa.table({"key": ["a"]}), configuration={"delta.appendOnly": "false"})
    assert [keep_versions(batch, "400d"), keep_versions(batch, "400d"), keep_versions(batch, "500d")] == [
        True,
        False,
        True,
    ]
    table = DeltaTable(str(batch))
    assert table.version() == 2
    assert table.metadata().configuration == {
        "delta.appendOnly": "false",
        "delta.deletedFileRetentionDuration": "interval 500 days",
        "delta.logRetentionDuration": "interval 500 days",
    }
    assert table.to_pyarrow_table().to_pydict() == {"key": ["a"]}
    assert not keep_versions(tmp_path / "nothing", "400d")
