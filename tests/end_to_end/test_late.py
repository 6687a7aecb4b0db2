"""Events that come days after their time, the whole way to training sets and online reads."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from riskloom.lake import tables
from riskloom.lake.paths import Lake
from riskloom.project import Project

pytestmark = [pytest.mark.spark, pytest.mark.feast]
HAND_WORKED = Path(__file__).resolve().parents[1] / "data/hand_worked"
FEATURES = """
from riskloom import Entity, EventSource, FeatureService, FeatureView, JsonLines, aggregate

user = Entity.of("user", user_name="string")


def logins(name, **when):
    return EventSource(
        name=name, files=name + "/{date}.log", format=JsonLines(), columns={"user_name": "string"}, **when
    )


live = logins("live", available="ingest_ts")
old = logins("old")
live_logins, old_logins = (
    FeatureView(name=f"{source.name}_logins", entity=user, source=source, windows=("30d",), aggregations=(aggregate.count(),))
    for source in (live, old)
)
live_check_v1 = FeatureService(name="live_check_v1", features=("live_logins",))
old_check_v1 = FeatureService(name="old_check_v1", features=("old_logins",))
"""
NOW = datetime.now(UTC)


def day(ago):
    return NOW - timedelta(days=ago)


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "project"
    shutil.copytree(HAND_WORKED, root, ignore=shutil.ignore_patterns("data", "orders.py", "__pycache__"))
    (root / "features/logins.py").write_text(FEATURES)
    return root


def write(root, file_day, *event_days):
    """Give both sources a file of a day with a login of ann's for each of some days."""
    for source in ("live", "old"):
        path = root / "data" / source / f"{day(file_day):%Y-%m-%d}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = (json.dumps({"user_name": "ann", "ts": day(ago).isoformat()}) + "\n" for ago in event_days)
        path.write_text("".join(lines))


def run(root):
    from riskloom.intervals import Interval
    from riskloom.plan import build
    from riskloom.run import execute

    project = Project.load(root)
    asked = Interval.parse(f"{day(9):%Y-%m-%d}/{day(-1):%Y-%m-%d}")
    report = execute(project, build(project, asked))
    return report, datetime.now(UTC)


def counts(root, service, *instants, out=None):
    from riskloom import build_training_set

    spine = [{"user_name": "ann", "event_timestamp": instant} for instant in instants]
    rows = build_training_set(service, spine, project=root, output="arrow", out=out).to_pylist()
    return [row["events_count_30d"] for row in rows]


def test_case_33_a_late_event_is_flagged_and_corrects_what_depends_on_it_once(root, tmp_path, spark):
    from riskloom import OnlineFeatures
    from riskloom.store.reproduce import reproduce

    write(root, 5, 5)
    _, before = run(root)
    assert counts(root, "live_check_v1", before) == [1]
    assert counts(root, "old_check_v1", before, out=tmp_path / "kept") == [1]
    # An event of four days ago comes with today's.
    write(root, 0, 4)
    report, after = run(root)
    lake = Lake(Project.load(root).settings.lake)
    for source in ("live", "old"):
        assert report.sources[source].changed == 1
        flags = tables.read(lake.silver(source), ["event_ts", "flags"]).sort_by("event_ts")["flags"].to_pylist()
        # Of the live source the first event, too, came in five days after its time.
        assert flags == [["late"] if source == "live" else [], ["late"]]
    # Where arrival says what could be seen, nothing from before it changes.
    assert counts(root, "live_check_v1", before, after) == [1, 2]
    # Else a set pulled again has it, and one given again from its manifest has not.
    assert counts(root, "old_check_v1", before) == [2]
    again = reproduce(Project.load(root).settings, tmp_path / "kept", tmp_path / "again")
    assert (again.same_bytes, again.equal) == (True, 1)
    client = OnlineFeatures.connect(root / "feature_repo")
    end = day(-1).replace(hour=0, minute=0, second=0, microsecond=0)
    assert client.get("old_check_v1", {"user_name": "ann"}, at=end).values == {"events_count_30d": 2}
    # Once: a further run changes nothing.
    places = [getattr(lake, layer)(name) for name in ("live", "old") for layer in ("bronze", "silver")]
    places += [lake.gold("live_logins"), lake.gold("old_logins")]
    versions = [tables.version(place) for place in places]
    report, _ = run(root)
    assert [tables.version(place) for place in places] == versions
    assert {view: found["changed"] for view, found in report.views.items()} == {"live_logins": 0, "old_logins": 0}
