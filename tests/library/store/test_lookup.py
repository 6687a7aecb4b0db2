"""Looking up the latest row in a table of several files, with no more of it in memory than what is wanted."""

from __future__ import annotations

from itertools import product
from random import Random

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from riskloom.store.lookup import Lookup
from riskloom.windows.tables import INSTANT

KEYS = {"user": ("ann", "bob", "eve", None), "number": (-(2**63), 7, 8, None)}
SCHEMA = {
    "user": pa.string(),
    "number": pa.int64(),
    "time": INSTANT,
    "made": INSTANT,
    "limit": pa.int64(),
    "tags": pa.list_(pa.string()),
}


def table(rows):
    return pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in SCHEMA.items()})


def rows_of(random, count, times):
    return [
        {
            **{key: random.choice(values) for key, values in KEYS.items()},
            "time": time,
            "made": random.randrange(100),
            "limit": random.choice([None, 1, 2]),
            "tags": random.choice([None, [], ["new", "old"]]),
        }
        for time in random.sample(times, count)
    ]


@pytest.mark.parametrize("times", [range(-50, 250), [*range(20)] * 10], ids=["one time, one row", "tied"])
def test_a_lookup_gives_what_a_join_of_all_rows_gives(tmp_path, times):
    random = Random(5)
    for _ in range(3):
        write_deltalake(str(tmp_path / "table"), table(rows_of(random, 60, times)), mode="append")
    asked = [{"at": random.randrange(-60, 120), "user": random.choice(["ann", "zoe", None])} for _ in range(50)]
    asked = [{**row, "number": random.choice(KEYS["number"])} for row in asked]
    schema = pa.schema([("user", pa.string()), ("number", pa.int64()), ("at", INSTANT)])
    whole = pa.Table.from_pylist(asked, schema)
    for (created, ttl, by_created), keys in product(
        ((None, None, False), ("made", 30, False), ("made", None, True)),
        ({"user": "string"}, {"number": "int64"}, {"number": "int64", "user": "string"}),
    ):
        spine = whole.select([*keys, "at"])
        lookup = Lookup(
            view="limits",
            path=tmp_path / "table",
            version=None,
            keys=keys,
            timestamp="time",
            created=created,
            ttl=ttl,
            columns={"limit": "int64", "tags": None},
            by_created=by_created,
        )
        found = lookup.values(spine)
        assert found.to_pylist() == lookup.join(spine, lookup.rows(None, None)).to_pylist()
        assert lookup.values(spine.slice(0, 0)).schema == found.schema
