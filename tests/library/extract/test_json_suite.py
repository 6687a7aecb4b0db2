"""The JSON test suite: the strict decoder does what it says, and a source accounts for each of its files."""

from __future__ import annotations

import csv
import tarfile
from collections import Counter
from pathlib import Path

import pytest

from riskloom import EventSource, JsonLines
from riskloom.extract.formats import strict_json
from riskloom.testing.read_file import read_file

SUITE = Path(__file__).resolve().parents[2] / "data/json_test_suite"
SOURCE = EventSource(
    name="suite",
    files="suite/*",
    format=JsonLines(multiline=True),
    columns={"a": "string"},
    holds="2020-01-01/2020-01-02",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("raw") / "suite"
    place.mkdir()
    with tarfile.open(SUITE / "test_parsing.tar.gz") as packed:
        for member in packed:
            if member.isfile():
                (place / member.name.rpartition("/")[2]).write_bytes(packed.extractfile(member).read())
    return place


@pytest.fixture(scope="module")
def outcomes():
    with (SUITE / "outcomes.csv").open(newline="") as file:
        return {row["file"]: row["outcome"] for row in csv.DictReader(file)}


def outcome(reasons):
    """Say what became of a file's records: their reasons in order, each as often as it comes."""
    return (
        " ".join(f"{reason}*{count}" if count > 1 else reason for reason, count in Counter(reasons).items())
        or "nothing"
    )


def test_the_strict_decoder_accepts_and_refuses_as_the_suite_says(folder):
    kinds = Counter()
    for path in sorted(folder.iterdir()):
        try:
            strict_json.decode(path.read_bytes())
            accepted = True
        except ValueError:
            accepted = False
        assert path.name[0] == "i" or accepted == (path.name[0] == "y"), path.name
        kinds[path.name[0]] += 1
    assert kinds == {"y": 95, "n": 188, "i": 35}


def test_each_files_outcome_is_that_of_the_snapshot(folder, outcomes):
    # None of them has a time, so that an object is refused for that, and all else for what it is.
    found = {}
    for path in sorted(folder.iterdir()):
        read = read_file(path, SOURCE)
        assert read.events == []
        found[path.name] = outcome(row["reason"] for row in read.rejects)
    assert found == outcomes


@pytest.mark.spark
def test_a_source_gives_each_file_the_outcome_of_the_snapshot(spark, folder, outcomes, tmp_path):
    from riskloom.extract.bronze import extract
    from riskloom.extract.load import load
    from riskloom.extract.publish import publish
    from riskloom.intervals import Interval
    from riskloom.lake import tables
    from riskloom.lake.paths import Lake
    from riskloom.project import Project
    from riskloom.settings import Settings

    settings = Settings(
        name="t", lake=tmp_path / "lake", data=folder.parent, feature_repo=tmp_path / "f", state=tmp_path / "s"
    )
    project = Project(tmp_path, settings, sources={"suite": SOURCE}, suites={})
    extracted = extract(spark, project, SOURCE, Interval.parse("2020-01-01/2020-01-02"), "run")
    loaded = load(spark, project, SOURCE, extracted, "run")
    done = publish(spark, project, SOURCE, loaded, passed=True, run_id="run")
    rejects = tables.read(Lake(settings.lake).quarantine("suite")).sort_by(
        [("line_no", "ascending"), ("byte_offset", "ascending"), ("ordinal", "ascending")]
    )
    by_hash = {}
    for row in rejects.to_pylist():
        by_hash.setdefault(row["file_hash"], []).append(row["reason"])
    found = {Path(file.file).name: outcome(by_hash.get(file.file_hash, ())) for file in extracted.files}
    assert (found, done.published) == (outcomes, 0)
