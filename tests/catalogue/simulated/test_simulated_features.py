"""Features of the catalogue on a simulation's clean events, beside the slow oracle's."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from demo.oracle import Truth
from demo.simulate.calendar import DRIFT, Calendar
from riskloom.project import Project
from riskloom.testing.against_oracle import differences
from riskloom.testing.rows import events_table, spine_table
from riskloom.windows import compute

PLATFORM = Path(__file__).parents[3] / "demo" / "platform"
ENTITIES = 4
DAY = 86_400_000_000


@pytest.fixture(scope="module")
def project():
    return Project.load(PLATFORM)


@pytest.fixture(scope="module")
def events(project, written):
    """Clean events by source, with what the transforms add."""
    truth = Truth(project, written.folder)
    return {name: truth.events(source) for name, source in project.sources.items()}


def test_features_of_two_hundred_entities_are_the_oracles(project, events):
    random, asked = Random(7), 0
    end = max(row["event_ts"] for row in events["orders"])
    for view in project.views.values():
        keys = view.entity.key_columns
        kept = [row for row in events[view.source.name] if all(row[key] is not None for key in keys)]
        spine = [
            {key: row[key] for key in keys} | {"at": random.choice((end, row["event_ts"] + random.randrange(DAY)))}
            for row in random.sample(kept, min(ENTITIES, len(kept)))
        ]
        asked += len(spine)
        assert list(differences(view, kept, spine)) == [], view.name
    assert asked >= 200


def test_a_field_that_disappears_half_way_leaves_nulls_alone(project, events):
    view, name = project.view("device_clicks"), "unattested_events_count_1d_per_attested_count_1d"
    clicks = [row for row in events["clicks"] if row["device_id"] is not None]
    half, end = Calendar(14).instant(DRIFT), Calendar(14).end
    devices = sorted({row["device_id"] for row in clicks})
    for at, known in ((half, True), (end, False)):
        spine = spine_table(view, [{"device_id": device, "at": at} for device in devices])
        found = compute(view, events_table(view, clicks), spine)
        clicked = [row for row in found.to_pylist() if row["events_count_1d"]]
        assert clicked
        assert any(row[name] is not None for row in clicked) == known
        assert all(row["dwell_ms_mean_1d"] is not None for row in clicked)
