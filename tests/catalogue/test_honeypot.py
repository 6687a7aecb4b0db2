"""A honeypot's text tells what its JSON tells: every connection and attempt, with its session, and nothing else.

The sample is written by hand; whatever days of the honeypot's own logs are beside the checkout are read as well.
"""

from __future__ import annotations

import importlib
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from riskloom.project import Project
from riskloom.testing.read_file import read_file

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "tests/data/honeypot"
JSON_NAMES = ("session", "src_ip", "username", "password")
TEXT_NAMES = ("action", "event_ts", "session", "source_address", "user_name", "password")
QUICK_DAYS = 4


@pytest.fixture(scope="module")
def honeypot():
    """Give the project, and the module of its transforms."""
    project = Project.load(ROOT / "demo/honeypot")
    yield project, importlib.import_module("transforms.honeypot")
    Project.load(ROOT)


def days(folder):
    return sorted(folder.glob("cowrie.log.*"))


def of_text(honeypot, paths):
    project, module = honeypot
    sessions, found = module.Sessions(), Counter()
    for path in paths:
        read = read_file(path, project.source("attempts_text"))
        assert read.rejects == []
        for row in read.events:
            made = {**row, **sessions.read(row)}
            if made["action"] != "other":
                found[tuple(made[name] for name in TEXT_NAMES)] += 1
    return found


def of_json(honeypot, paths):
    project, module = honeypot
    found = Counter()
    for path in paths:
        read = read_file(path.with_name(path.name.replace(".log.", ".json.")), project.source("attempts_json"))
        assert read.rejects == []
        for row in read.events:
            action = module.ACTIONS.get(row["eventid"])
            if action is not None:
                found[(action, row["event_ts"], *(row[name] for name in JSON_NAMES))] += 1
    return found


def check(honeypot, paths):
    found, wanted = of_text(honeypot, paths), of_json(honeypot, paths)
    assert (found - wanted, wanted - found) == (Counter(), Counter())
    return Counter(action for action, *_ in found.elements())


def test_the_samples_text_tells_what_its_json_tells(honeypot):
    assert check(honeypot, days(SAMPLE)) == {"connect": 5, "failed": 5, "succeeded": 2}


@pytest.mark.parametrize(
    "among", [pytest.param(QUICK_DAYS, id="days"), pytest.param(None, id="all", marks=pytest.mark.slow)]
)
def test_the_honeypots_own_text_tells_what_its_json_tells(honeypot, shared, among):
    if shared is None:
        pytest.skip("the data beside the checkout is not there")
    actions = check(honeypot, days(shared / "cowrie")[:among])
    assert min(actions.values()) > 0


@pytest.mark.spark
def test_both_logs_are_published_alike(honeypot, shared, spark, tmp_path):
    from pyspark.cloudpickle import register_pickle_by_value, unregister_pickle_by_value

    from riskloom.extract.bronze import extract
    from riskloom.extract.load import load
    from riskloom.intervals import Interval

    project, module = honeypot
    raw = tmp_path / "raw"
    shutil.copytree(SAMPLE, raw)
    for day in days(shared / "cowrie")[:2] if shared else ():
        for path in (day, day.with_name(day.name.replace(".log.", ".json."))):
            shutil.copy(path, raw)
    project = replace(project, settings=replace(project.settings, data=raw, lake=tmp_path / "lake"))
    staged = {}
    # The tests' session began without this project's folder on its workers' path.
    register_pickle_by_value(module)
    try:
        for name in ("attempts_text", "attempts_json"):
            source = project.source(name)
            extracted = extract(spark, project, source, Interval.parse("2018-01-01/2020-01-01"), "run")
            loaded = load(spark, project, source, extracted, "run")
            assert loaded.counts.quarantined == 0
            events = spark.read.parquet(str(loaded.events_path)).where("action <> 'other'").select(*TEXT_NAMES)
            staged[name] = Counter(map(tuple, events.collect()))
    finally:
        unregister_pickle_by_value(module)
    assert staged["attempts_text"] == staged["attempts_json"]
    assert staged["attempts_text"].total() >= 12
