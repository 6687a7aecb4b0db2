"""Every feature of random streams, read by the kernel and by the slow oracle."""

from __future__ import annotations

from random import Random

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskloom.intervals import SECOND
from riskloom.testing import against_oracle, generators
from riskloom.testing.against_oracle import differences, random_differences
from riskloom.testing.rows import events_table, spine_table
from riskloom.testing.samples import every_feature
from riskloom.windows import compute, kernel, visible

VIEWS = {
    **{name: every_feature(**declared) for name, declared in against_oracle.KINDS.items()},
    "odd keys": every_feature(keys=("flag", "seen"), windows=("1m",)),
}
STEADY = settings(derandomize=True, deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
CASES = {"one key": 4_000, "composite key": 4_000, "delayed": 3_000}


@pytest.mark.parametrize("name", CASES)
def test_random_cases_agree(name):
    """Streams of a key and an instant of their own, with three features each: 11,000 in all."""
    assert random_differences(VIEWS[name], 1, range(CASES[name])) == []


@pytest.mark.slow
def test_a_million_random_cases_agree(capsys):
    assert against_oracle.main(["--cases", "1000000", "--seed", "1000"]) == 0
    assert capsys.readouterr().out.endswith("3,000,000 cells: the kernel and the oracle agree in all.\n")


def test_cells_that_differ_are_shown(capsys, monkeypatch):
    monkeypatch.setattr(against_oracle.naive, "feature_value", lambda *_: "wrong")
    assert against_oracle.main(["--cases", "2", "--seed", "5"]) == 1
    assert capsys.readouterr().out.startswith("seed 5, one key: 6 cells differ, the first one Difference(row=")


@pytest.mark.parametrize("name", VIEWS)
def test_every_feature_agrees(name):
    view = VIEWS[name]
    for seed in range(3):
        events = generators.random_events(view, seed, size=seed * 30)
        assert list(differences(view, events, generators.random_spine(view, seed, 4, events))) == []


def test_a_hot_key_agrees():
    view = every_feature(windows=("5m", "1d"))
    events = generators.random_events(view, 5, size=400)
    assert list(differences(view, events, generators.random_spine(view, 6, 3, events))) == []


def test_pieces_of_any_size_give_the_same_bits(monkeypatch):
    view = VIEWS["composite key"]
    events, spine = generators.random_cases(view, 3, range(40))
    tables = events_table(view, events), spine_table(view, spine)
    whole = compute(view, *tables)
    for rows in (1, 7):
        monkeypatch.setattr(kernel, "ROWS_AT_ONCE", rows)
        assert compute(view, *tables).combine_chunks().equals(whole.combine_chunks())


def test_pairs_in_small_pieces_give_the_same_bits(monkeypatch):
    view = VIEWS["one key"]
    events, spine = generators.random_cases(view, 4, range(100))
    tables = events_table(view, events), spine_table(view, spine)
    whole = compute(view, *tables)
    monkeypatch.setattr(visible, "PAIRS_AT_ONCE", 7)
    assert compute(view, *tables).combine_chunks().equals(whole.combine_chunks())


SMALL = every_feature(windows=("1m",))


@STEADY
@given(generators.events(SMALL, max_size=15), generators.spines(SMALL, max_size=4))
def test_any_stream_agrees(events, spine):
    assert list(differences(SMALL, events, spine)) == []


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_known_yet_changes_nothing(name):
    """Events at or after an instant, or available after it, may come, go or change: 10,000 streams."""
    view = VIEWS[name]
    events, spine = generators.random_cases(view, 7, range(3_400))
    keys = view.entity.key_columns
    instants = {tuple(row[column] for column in keys): row["at"] for row in spine}
    known, changed = [], []
    random = Random(8)
    for event in events:
        at = instants[tuple(event[column] for column in keys)]
        if event["event_ts"] < at and event["available_ts"] <= at:
            known.append(event)
            changed.append(event)
        else:
            changed += _changed(view, event, at, random)
    spines = spine_table(view, spine)
    read = [compute(view, events_table(view, some), spines, _own(view)) for some in (events, known, changed)]
    assert read[0].equals(read[1])
    assert read[0].equals(read[2])


def _own(view):
    """Features of own events alone: what another party does before the instant may well be known."""
    return [feature.name for feature in view.features if not feature.of_others]


def _changed(view, event, at, random):
    """Leave an event out, change it, or put more beside it, all of them unknown at the instant."""
    other = random.choice([{}, {"amount": 1e300}, {"units": 2**40, "kind": "new"}])
    moved = {"event_ts": max(event["event_ts"], at + random.randint(0, 5)), "event_id": "0", "available_ts": at}
    late = {"event_ts": at - random.randint(1, 10**9), "event_id": "zz", "available_ts": at + random.randint(1, 5)}
    return random.choice([[], [{**event, **other}], [{**event, **moved}, event], [{**event, **other, **late}]])


@STEADY
@given(generators.events(SMALL, max_size=12), generators.spines(SMALL, max_size=4), st.randoms(use_true_random=False))
def test_order_of_the_input_does_not_matter(events, spine, random):
    whole = compute(SMALL, events_table(SMALL, events), spine_table(SMALL, spine))
    places = random.sample(range(len(spine)), len(spine))
    shuffled = random.sample(events, len(events))
    again = compute(SMALL, events_table(SMALL, shuffled), spine_table(SMALL, [spine[place] for place in places]))
    assert again.equals(whole.take(pa.array(places, pa.int64())))


def test_history_before_a_window_leaves_no_trace():
    """Values are equal bit for bit, with and without a past of other magnitude."""
    view = every_feature(windows=("5m",))
    recent = [
        {"user": "a", "event_ts": second * SECOND, "event_id": f"r{second}", "amount": 0.1 * second}
        for second in range(-50, 50)
    ]
    past = [{"user": "a", "event_ts": -(10**6 + n) * SECOND, "event_id": f"p{n}", "amount": 1e300} for n in range(37)]
    spine = spine_table(view, [{"user": "a", "at": 60 * SECOND}])
    assert compute(view, events_table(view, recent), spine).equals(
        compute(view, events_table(view, [*past, *recent]), spine)
    )
