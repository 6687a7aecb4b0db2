"""What ``riskloom status`` says of drift, from the runs on record."""

from __future__ import annotations

import pytest

from riskloom.lake.ops import RunRecord
from riskloom.run.drift import COLUMNS, drift_of, shown
from riskloom.tabular import as_table

DAY = 86_400_000_000


def run(day, drift, *, records=100, status="passed", started=None):
    return RunRecord(
        run_id=f"r{day}",
        source="logins",
        interval_start=day * DAY,
        interval_end=(day + 1) * DAY,
        started_ts=day if started is None else started,
        records=records,
        drift=drift,
        status=status,
    )


def changes(*runs):
    return {f"{row['drift']}:{row['field']}": (row["change"], row["share"], row["before"]) for row in drift_of(runs)}


def test_a_field_that_was_not_there_before_begins():
    usual = {"missing:coupon": 60, "new:agent": 100}
    assert drift_of([]) == []
    assert changes(run(0, usual), run(1, usual)) == {}
    found = changes(run(0, usual), run(1, usual), run(2, usual | {"new:city": 1, "alias:uid": 40, "retyped:port": 7}))
    assert found == {
        "alias:uid": ("begins", 0.4, 0.0),
        "retyped:port": ("begins", 0.07, 0.0),
        "new:city": ("begins", 0.01, 0.0),
    }
    assert list(found) == ["alias:uid", "retyped:port", "new:city"]


def test_a_share_that_moves_is_told_and_one_that_wavers_is_not():
    before = [
        run(day, {"missing:coupon": 60, "new:agent": 50, "alias:uid": 30, "retyped:port": 30}) for day in range(3)
    ]
    found = changes(*before, run(3, {"missing:coupon": 100, "retyped:port": 26, "alias:uid": 20}))
    assert found == {
        "new:agent": ("ends", 0.0, 0.5),
        "missing:coupon": ("rises", 1.0, 0.6),
        "alias:uid": ("falls", 0.2, 0.3),
    }


def test_a_first_run_is_held_against_the_declaration():
    assert changes(run(0, {"missing:coupon": 60, "new:agent": 50})) == {"new:agent": ("begins", 0.5, None)}


def test_an_interval_that_ran_again_and_a_run_that_failed_are_no_past():
    drifted = {"new:city": 100}
    found = drift_of([run(0, {}), run(1, drifted), run(2, {}, status="failed"), run(1, drifted, started=3)])
    assert [(row["change"], row["first_seen"], row["before"]) for row in found] == [
        ("begins", "1970-01-02T00:00:00Z", 0.0)
    ]


@pytest.mark.parametrize("count", [2, 12])
def test_people_are_shown_what_moved_most(count):
    rows = drift_of([run(0, {}), run(1, {f"new:f{number:02d}": 50 + number for number in range(count)})])
    text = as_table(shown(rows), COLUMNS).splitlines()
    assert text[0].split() == list(COLUMNS)
    assert text[1].split() == [
        "logins",
        "new",
        f"f{count - 1:02d}",
        "begins",
        "1970-01-02T00:00:00Z",
        f"{49 + count}",
        f"{49 + count}.0%",
        "0.0%",
    ]
    assert len(text) == 1 + min(count, 11)
    assert ("and 2 more, see --json" in text[-1]) == (count == 12)
