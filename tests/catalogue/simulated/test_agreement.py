"""What differs from the list or from the truth is found, and said."""

from __future__ import annotations

import pyarrow as pa
import pytest

from demo.agreement import mess_faults, outcomes, truth_faults

FILE = "logins/2025-11-03/10.log"
COLUMNS = ["event_ts", "user"]


def silver(*rows):
    names = ("line", "repair_codes", "event_ts", "user")
    types = {"line": pa.int64(), "repair_codes": pa.list_(pa.string()), "event_ts": pa.int64(), "user": pa.string()}
    made = {name: pa.array([row[place] for row in rows], types[name]) for place, name in enumerate(names)}
    return pa.table({"file": pa.array([FILE] * len(rows), pa.string()), **made})


def refused(*rows):
    return pa.table(
        {
            "file": pa.array([FILE] * len(rows), pa.string()),
            "line": pa.array([line for line, _ in rows], pa.int64()),
            "reason": pa.array([reason for _, reason in rows], pa.string()),
        }
    )


MESS = pa.table(
    {
        "file": [FILE] * 4,
        "line": [2, 3, 4, 5],
        "name": ["truncated", "repeated_key", "duplicate", "late"],
        "expected": ["QUARANTINED truncated_value", "REPAIRED dup_key", "DUPLICATE", "PARSED"],
        "event_id": ["e2", "e3", "e1", "e5"],
        "loses": [1, 0, 0, 0],
    }
)
EVENTS = [(1, [], 10, "a"), (3, ["dup_key"], 30, "c"), (5, [], 50, None)]
TRUTH = pa.table({"event_id": ["e1", "e2", "e3", "e5"], "event_ts": [10, 20, 30, 50], "user": ["a", "b", "c", None]})


def test_what_is_as_listed_and_true_has_no_fault():
    found = outcomes(silver(*EVENTS), refused((2, "truncated_value")))
    assert mess_faults(found, MESS) == []
    assert truth_faults(silver(*EVENTS), TRUTH, MESS, COLUMNS) == []


@pytest.mark.parametrize(
    ("events", "rejects", "said"),
    [
        (EVENTS, [(2, "bad_number")], "line 2: truncated is to be QUARANTINED truncated_value, and is QUARANTINED bad_number"),
        (EVENTS, [], "line 2: truncated is to be QUARANTINED truncated_value, and is NOTHING"),
        ([(1, ["mojibake"], 10, "a"), *EVENTS[1:]], [(2, "truncated_value")], "line 1: it is not on the list, and is REPAIRED mojibake"),
        (EVENTS, [(2, "truncated_value"), (6, "no_timestamp")], "line 6: it is not on the list, and is QUARANTINED no_timestamp"),
    ],
)  # fmt: skip
def test_a_line_that_came_to_something_else_is_named(events, rejects, said):
    assert mess_faults(outcomes(silver(*events), refused(*rejects)), MESS) == [f"{FILE}, {said}"]


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (EVENTS[1:], "3 events happened, and 2 were read"),
        ([(1, [], 10, "x"), *EVENTS[1:]], "user of an event is 'x', and was 'a'"),
        ([*EVENTS[:2], (5, [], 51, None)], "event_ts of an event is 51, and was 50"),
        ([*EVENTS[:2], (5, [], 50, "")], "user of an event is '', and was None"),
    ],
)
def test_an_event_that_is_not_true_is_named(events, said):
    assert truth_faults(silver(*events), TRUTH, MESS, COLUMNS) == [said]
