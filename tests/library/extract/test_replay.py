"""Quarantined lines loaded again: fixed ones are published, the others stay, and all is as a whole run would leave it."""

from __future__ import annotations

import logging
from contextlib import contextmanager

import pytest

from riskloom import Expectation, RowRule, Suite
from riskloom.declare.formats import JsonLines
from riskloom.errors import ValidationFailed
from riskloom.intervals import Interval
from riskloom.lake import ops
from riskloom.lake.commits import LOGGER
from riskloom.lake.paths import Lake
from riskloom.lake.standing import standing

pytestmark = pytest.mark.spark

DAY_1, DAY_2 = "2020-01-01/2020-01-02", "2020-01-02/2020-01-03"
LINES_1 = "# comment\n2020-01-01T10:00:00Z ann 5\nbad 1 2020-01-01T11:00:00Z bob 7 x2\nnonsense\n"
LINES_2 = "bad 2 2020-01-02T11:00:00Z cid 9\nbad 3 nonsense\n2020-01-02T10:00:00Z dan 1\n"
STRIPS = (
    'def to_events(records):\n    records = records.withColumn("text", F.regexp_replace("text", "^bad [0-9]+ ", ""))'
)


class Runs:
    """Runs a workshop's source through the steps of a plan, as the command line does."""

    def __init__(self, workshop):
        self.workshop = workshop
        self.lake = Lake(workshop.root / "lake")

    def run(self, interval):
        from riskloom.plan import build
        from riskloom.run import execute

        project = self.workshop.project
        return execute(project, build(project, Interval.parse(interval))).sources["logins"]

    def plan(self, reason=None, interval=None):
        from riskloom.run.replay import plan_replay

        asked = Interval.parse(interval) if interval else None
        return plan_replay(self.workshop.project, "logins", reason, asked)

    def replay(self, reason=None, interval=None):
        from riskloom.run import execute

        return list(execute(self.workshop.project, self.plan(reason, interval)).replays.values())

    def strip(self):
        """Let the transform read what stands behind `bad <number> `."""
        text = (self.workshop.root / "transforms" / "logins.py").read_text()
        self.workshop.transform(text.replace("def to_events(records):", STRIPS))

    def totals(self):
        now = standing(ops.runs(self.lake))["logins"]
        now.check()
        return now.lines_in, now.ignored, now.records, now.extra_events, now.published, now.quarantined, now.reasons

    def quarantined(self):
        return [reason for _, reason in self.workshop.rows("quarantine", "byte_offset", "reason")]


@pytest.fixture
def runs(workshop):
    return Runs(workshop)


class Death(BaseException):
    """What ends a process ends it here."""


@contextmanager
def dying_after(table):
    handler = Dies(table)
    logger = logging.getLogger(LOGGER)
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class Dies(logging.Handler):
    """Ends the run right after a table's commit."""

    def __init__(self, table):
        super().__init__()
        self.table = table

    def emit(self, record):
        if record.getMessage().startswith(f"{self.table} "):
            raise Death


def test_fixed_lines_are_published_the_others_stay_and_every_count_adds_up(runs, workshop):
    workshop.write("logins/2020-01-01.log", LINES_1)
    workshop.write("logins/2020-01-02.log", LINES_2)
    runs.run(DAY_1)
    runs.run(DAY_2)
    assert runs.totals() == (3, 0, 3, 0, 1, 2, {"bad_line": 2})
    marks, versions = ops.watermark(runs.lake, "logins"), workshop.versions()
    assert [step.kind for step in runs.plan("bad_line").steps] == ["select", "load", "validate"] * 2
    assert workshop.versions() == versions
    # Nothing is fixed yet: the same rejects, and no commit but the replays' own lines.
    same = runs.replay()
    assert [(line.records, line.quarantined, line.changed) for line in same] == [(2, 2, 0), (2, 2, 0)]
    assert workshop.versions() == versions
    assert runs.totals() == (3, 0, 3, 0, 1, 2, {"bad_line": 2})

    runs.strip()
    with dying_after("silver.logins"), pytest.raises(Death):
        runs.replay("bad_line")
    # It ended with silver written and quarantine not: the next one finishes it.
    assert len(runs.quarantined()) == 4
    one, two = runs.replay("bad_line")
    assert (one.kind, one.status, str(one.interval), one.lines_in, one.records) == ("replay", "passed", DAY_1, 1, 1)
    assert (one.extra_events, one.published, one.quarantined, one.changed) == (1, 2, 0, 0)
    assert (two.lines_in, two.published, two.quarantined, two.changed) == (2, 1, 1, 1)
    assert two.reasons == {"no_timestamp": 1}
    assert (two.before, two.reasons_before) == ({"records": 2, "published": 0, "quarantined": 2}, {"bad_line": 2})
    for line in (one, two):
        line.check()
    assert runs.quarantined() == ["no_timestamp", "no_timestamp"]
    assert runs.totals() == (3, 0, 3, 0, 2, 1, {"no_timestamp": 1})
    assert workshop.rows("silver", "user_name", "line_no", "ordinal") == [
        ("ann", 2, 0),
        ("bob", 3, 0),
        ("bob", 3, 1),
        ("cid", 1, 0),
        ("dan", 3, 0),
    ]
    assert ops.watermark(runs.lake, "logins") == marks

    # Again, and the whole intervals: ids and rows are those of an ordinary run.
    versions = workshop.versions()
    assert runs.plan("bad_line").notes == (
        "nothing of logins that a replay could load is quarantined as 'bad_line'. There is: 2 no_timestamp.",
    )
    assert runs.replay("bad_line") == []
    assert [line.changed for line in runs.replay()] == [0, 0]
    assert [runs.run(day).changed for day in (DAY_1, DAY_2)] == [0, 0]
    assert workshop.versions() == versions
    # A rule that leaves the line out, asked for one day alone.
    workshop.declare(ignore={"comment": "^#", "talk": "nonsense"})
    (line,) = runs.replay(interval=DAY_2)
    assert (line.lines_in, line.ignored, line.records) == (1, 1, 0)
    assert runs.quarantined() == ["no_timestamp"]
    assert runs.totals() == (3, 1, 2, 0, 2, 0, {})


def test_the_gate_looks_at_the_whole_interval_and_holds_what_fails(runs, workshop):
    few = {"min_value": 2, "max_value": 3}
    table = Suite(
        source="logins",
        rows=(RowRule("amount_small", "amount < 6"),),
        expectations=(Expectation(type="expect_table_row_count_to_be_between", kwargs=few),),
    )
    workshop.suites["logins"] = table
    workshop.write("logins/2020-01-01.log", LINES_1.replace("nonsense", "2020-01-01T12:00:00Z eve 6"))
    with pytest.raises(ValidationFailed):
        runs.run(DAY_1)
    # Its events wait as a whole: its rejects are not published before them.
    plan = runs.plan()
    assert (plan.steps, plan.notes) == (
        (),
        (
            "nothing of logins that a replay could load is quarantined.",
            "2 lines of logins, since the run of 2020-01-01/2020-01-02 was held. Run the interval: it reads them as well.",
        ),
    )
    workshop.suites["logins"] = Suite(source="logins", rows=table.rows)
    runs.run(DAY_1)
    workshop.suites["logins"] = Suite(source="logins", expectations=table.expectations)
    runs.replay("amount_small")
    # One event stood, and one was added: the gate saw both.
    assert [name for (name,) in workshop.rows("silver", "user_name")] == ["ann", "eve"]
    runs.strip()
    versions = workshop.versions()
    with pytest.raises(ValidationFailed):
        runs.replay("bad_line")
    held = ops.runs(runs.lake)[-1]
    assert (held.kind, held.status, held.held, held.published) == ("replay", "held", 2, 0)
    assert workshop.versions() == versions
    assert runs.totals() == (4, 1, 3, 0, 2, 1, {"bad_line": 1})


def test_a_grown_files_lines_and_events_with_one_id_stand_as_a_whole_run_leaves_them(runs, workshop):
    workshop.declare(event_id=("user_name",))
    workshop.write(
        "logins/2020-01-01.log", "bad 1 2020-01-01T10:00:00Z ann 1\nbad 2 2020-01-01T10:00:00Z bob 2\nbad 3 x"
    )
    runs.run(DAY_1)
    workshop.write(
        "logins/2020-01-01.log",
        "bad 1 2020-01-01T10:00:00Z ann 1\nbad 2 2020-01-01T10:00:00Z bob 2\nbad 3 xyz\n2020-01-01T11:00:00Z ann 3\n",
    )
    runs.run(DAY_1)
    runs.strip()
    (line,) = runs.replay()
    # The first line's event is the same as a later line's, which stands; what the shorter file left behind goes too.
    assert (line.lines_in, line.published, line.duplicates, line.quarantined) == (3, 1, 1, 1)
    assert workshop.rows("silver", "user_name", "amount") == [("ann", 3), ("bob", 2)]
    assert runs.quarantined() == ["no_timestamp"]
    assert runs.totals() == (4, 0, 4, 0, 2, 1, {"no_timestamp": 1})
    versions = workshop.versions()
    assert runs.run(DAY_1).changed == 0
    assert workshop.versions() == versions


def test_records_of_several_lines_and_of_declared_formats(runs, workshop):
    import json

    def record(user, amount):
        return json.dumps({"time": "2020-01-01T10:00:00Z", "user": user, "amount": amount}, indent=1)

    workshop.declare(
        transform="",
        format=JsonLines(multiline=True),
        fields={"user_name": "user"},
        timestamp=("time",),
        ignore={},
        required=("amount",),
    )
    workshop.write(
        "logins/2020-01-01.log", "\n".join([record("ann", 1), record("bob", None), record("cid", "x"), "{}"])
    )
    runs.run(DAY_1)
    assert sorted(runs.quarantined()) == ["bad_number", "missing_required:amount", "missing_required:amount"]
    workshop.declare(required=())
    (line,) = runs.replay("missing_required")
    line.check()
    # Of the first, five lines; of the second, one, which has no time either.
    assert (line.lines_in, line.record, line.continuation, line.published) == (6, 2, 4, 1)
    assert sorted(runs.quarantined()) == ["bad_number", "no_timestamp"]
    assert [name for (name,) in workshop.rows("silver", "user_name")] == ["ann", "bob"]
    assert runs.totals() == (16, 0, 4, 0, 2, 2, {"bad_number": 1, "no_timestamp": 1})
    versions = workshop.versions()
    assert runs.run(DAY_1).changed == 0
    assert workshop.versions() == versions
