from __future__ import annotations

import random
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskloom.lake import keys, tables
from riskloom.lake.arrivals import spans
from riskloom.lake.keys import KeyIndex


def rows(pairs):
    ids, arrivals = zip(*pairs, strict=True)
    return pa.table({"event_id": ids, "ingest_ts": pa.array(arrivals, pa.timestamp("us", "UTC")), "more": ids})


@pytest.fixture
def asked(tmp_path):
    """Ask an index for ids."""

    def ask(index, ids):
        pq.write_table(pa.table({"event_id": pa.array(ids, pa.string())}), tmp_path / "asked.parquet")
        return index.arrivals([tmp_path / "asked.parquet"])

    return ask


def test_an_index_of_two_growing_tables_knows_what_a_dictionary_knows(tmp_path, asked):
    cases, known = random.Random(5), {}
    places = [tmp_path / "silver" / "orders", tmp_path / "history" / "orders"]
    index = KeyIndex(tmp_path / "keys")
    assert (index.catch_up(places), asked(index, ["e1"])) == (0, set())
    for day in range(12):
        pairs = [(f"e{cases.randrange(400)}", day * 1_000 + cases.randrange(3)) for _ in range(cases.randrange(1, 120))]
        for name, instant in pairs:
            known.setdefault(name, set()).add(instant)
        tables.append(places[day % 2], rows(pairs))
        assert index.catch_up(places) == len(set(pairs))
        assert index.catch_up(places) == 0
        ids = [f"e{cases.randrange(500)}" for _ in range(20)]
        assert asked(index, ids) == set().union(*(known.get(name, set()) for name in ids))
    # Runs are put together as they grow: their number is that of the bits of their size.
    assert len([run for run in (tmp_path / "keys").iterdir() if run.is_dir()]) < 6
    # Where it is gone, it is made anew.
    shutil.rmtree(tmp_path / "keys")
    index.catch_up(places)
    assert asked(index, ["e1", "e2"]) == known.get("e1", set()) | known.get("e2", set())


def test_a_table_that_was_made_anew_is_indexed_anew(tmp_path, asked):
    place, index = tmp_path / "silver" / "orders", KeyIndex(tmp_path / "keys")
    tables.append(place, rows([("a", 1)]))
    index.catch_up([place])
    shutil.rmtree(place)
    tables.append(place, rows([("b", 2)]))
    index.catch_up([place])
    assert (asked(index, ["a", "b"]), asked(index, [])) == ({2}, set())


def test_a_process_killed_between_a_run_and_the_state_leaves_the_index_as_it_was(tmp_path, asked, monkeypatch):
    place, index = tmp_path / "silver" / "orders", KeyIndex(tmp_path / "keys")
    tables.append(place, rows([("a", 1)]))
    index.catch_up([place])
    tables.append(place, rows([("b", 2)]))

    def killed(self, state):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(keys.KeyIndex, "_write_state", killed)
        with pytest.raises(KeyboardInterrupt):
            index.catch_up([place])
    assert (index.catch_up([place]), asked(index, ["a", "b"])) == (1, {1, 2})
    assert len([run for run in (tmp_path / "keys").iterdir() if run.is_dir()]) <= 2


def test_too_many_stretches_are_put_together_where_they_are_nearest():
    minutes = 60_000_000
    instants = [number * 10 * minutes for number in range(100)] + [10**15]
    found = spans(instants)
    assert len(found) <= 64
    assert found[-1] == (10**15, 10**15)
    assert all(any(first <= instant <= last for first, last in found) for instant in instants)
    assert spans([]) == ()
