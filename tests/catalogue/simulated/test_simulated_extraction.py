"""The platform's sources read the simulated logs: each damaged line comes to what the list says, each other to the truth."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from demo.simulate.raw.logs import LAYOUTS
from demo.simulate.run import Simulation
from demo.simulate.scales import Scale
from demo.simulate.scenarios import SCENARIOS
from riskloom.extract.bronze import extract
from riskloom.extract.load import load
from riskloom.extract.publish import publish
from riskloom.lake import tables
from riskloom.lake.paths import Lake
from riskloom.project import Project
from riskloom.run.spans import spans

pytestmark = pytest.mark.spark

PLATFORM = Path(__file__).parents[3] / "demo" / "platform"
DAY = Simulation(
    scale=Scale(name="day", accounts=300, sellers=40, products=80, days=1, events=3_000),
    seed=11,
    scenarios=tuple(SCENARIOS),
    mess=15.0,
)
# Nothing is sent back on the day it is ordered.
WEEK = Simulation(
    scale=Scale(name="week", accounts=120, sellers=10, products=60, days=7, events=3_000),
    seed=11,
    scenarios=("refund_abuse",),
    mess=15.0,
    at_least=60,
)
ONLY_TRUE = {"happened_at", "scenario", "phase", "ring", "looks_like", "counts", "file", "line", "event_id"}


@pytest.fixture(scope="module")
def platforms(tmp_path_factory, written_to):
    """Simulations with much mess, and the project on each."""
    found = {}
    for simulation in (DAY, WEEK):
        root = tmp_path_factory.mktemp(simulation.scale.name)
        made = written_to(root / "out", simulation)
        project = Project.load(PLATFORM)
        settings = replace(project.settings, lake=root / "lake", data=made.folder / "raw", state=root / "state")
        found[simulation.scale.name] = made, replace(project, settings=settings)
    return found


@pytest.mark.parametrize("source", LAYOUTS)
def test_extraction_comes_to_the_list_and_to_the_truth(spark, platforms, source):
    made, project = platforms["week" if source == "refunds" else "day"]
    declared = project.source(source)
    extracted = extract(spark, project, declared, spans(project, [source])[source], "run")
    loaded = load(spark, project, declared, extracted, "run")
    publish(spark, project, declared, loaded, True, "run")
    lake = Lake(project.settings.lake)
    files = {file.file_hash: file.file for file in extracted.files}
    events = tables.read(lake.silver(source), None).to_pylist()
    rejects = tables.read(lake.quarantine(source), None).to_pylist()
    for row in (*events, *rejects):
        row["place"] = (files[row["file_hash"]], row["line_no"])
    listed = [row | {"place": (row["file"], int(row["line"]))} for row in made.table("mess")]
    listed = [row for row in listed if row["file"].startswith(f"{source}/")]
    _check_mess(listed, events, rejects, loaded.counts.files)
    _check_truth(made.truth(source).to_pylist(), listed, events, declared)


def _check_mess(listed, events, rejects, files):
    published, refused = {}, {row["place"]: row["reason"] for row in rejects}
    for row in events:
        published.setdefault(row["place"], []).append(row)
    expected = {}
    for row in listed:
        word, _, code = row["expected"].partition(" ")
        assert outcome(row["place"], published, refused) in OUTCOMES[word](code), row
        if word == "QUARANTINED":
            expected[row["place"]] = code
    # And nothing else was refused, repaired or taken for a copy.
    assert refused == expected
    repaired = {place: rows[0]["repair_codes"] for place, rows in published.items() if rows[0]["repair_codes"]}
    assert repaired == {
        row["place"]: [row["expected"].split(" ")[1]] for row in listed if row["expected"].startswith("REPAIRED")
    }
    copies = Counter(row["file"] for row in listed if row["expected"] == "DUPLICATE")
    assert {file.file: file.duplicates for file in files if file.duplicates} == copies
    assert sum(file.blank for file in files) == sum(row["expected"] == "SKIPPED blank" for row in listed)
    assert sum(file.header for file in files) == sum(row["expected"] == "SKIPPED header" for row in listed)


OUTCOMES = {
    "PARSED": lambda _: [("PARSED", "")],
    "REPAIRED": lambda code: [("REPAIRED", code)],
    "QUARANTINED": lambda code: [("QUARANTINED", code)],
    # Of two lines that are one event, either may stand for it.
    "DUPLICATE": lambda _: [("NOTHING", ""), ("PARSED", "")],
    "SKIPPED": lambda _: [("NOTHING", "")],
}


def outcome(place, published, refused):
    if place in refused:
        return "QUARANTINED", refused[place]
    if place not in published:
        return "NOTHING", ""
    codes = published[place][0]["repair_codes"]
    return ("REPAIRED", codes[0]) if codes else ("PARSED", "")


def _check_truth(truth, listed, events, source):
    lost = {row["event_id"] for row in listed if row["loses"] == "1"}
    columns = [name for name in source.columns if name != "log_id"]
    wanted = Counter(
        tuple(row[name] for name in ("event_ts", *columns)) for row in truth if row["event_id"] not in lost
    )
    kept = [row for row in events if row["place"] not in {one["place"] for one in listed if one["loses"] == "1"}]
    found = Counter(tuple(row[name] for name in ("event_ts", *columns)) for row in kept)
    assert found == wanted
    if "log_id" in source.columns:
        assert {row["event_id"] for row in kept} == {row["event_id"] for row in truth} - lost
