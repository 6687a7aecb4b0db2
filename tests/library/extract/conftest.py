"""A small project of real files, with a transform that each test may change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from riskloom import EventSource
from riskloom.intervals import Interval
from riskloom.lake import tables
from riskloom.lake.paths import Lake
from riskloom.project import Project
from riskloom.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

TRANSFORM = '''
from pyspark.sql import functions as F


def to_events(records):
    """`<ISO time> <user> <amount>[ x<times>]`: one event, or as many as it says."""
    part = lambda number: F.regexp_extract("text", r"^(\\S+) (\\S+) (-?[0-9]+)(?: x([0-9]+))?$", number)
    times = F.coalesce(part(4).try_cast("int"), F.lit(1))
    parsed = records.select(
        "origin",
        "text",
        F.try_to_timestamp(part(1)).alias("event_ts"),
        part(2).alias("user_name"),
        part(3).try_cast("bigint").alias("amount"),
        F.when(F.col("text").rlike("^bad"), "bad_line").alias("reason"),
        F.explode(F.sequence(F.lit(0), times - 1)).alias("ordinal"),
    )
    return parsed.drop("text")
'''


@dataclass
class Workshop:
    """Runs one source over real files."""

    spark: SparkSession
    root: Path
    source: EventSource
    suites: dict
    runs: int = 0

    @property
    def project(self):
        settings = Settings(
            name="t",
            lake=self.root / "lake",
            data=self.root / "data",
            feature_repo=self.root / "feature_repo",
            state=self.root / "state",
        )
        return Project(self.root, settings, sources={self.source.name: self.source}, suites=self.suites)

    def write(self, name, data):
        path = self.root / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())

    def transform(self, text):
        import sys

        path = self.root / "transforms" / "logins.py"
        path.parent.mkdir(exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(text)
        sys.modules.pop("transforms.logins", None)
        # A module's compiled copy is told from its source by size and second alone.
        for compiled in path.parent.glob("__pycache__/*"):
            compiled.unlink()

    def declare(self, **changes):
        self.source = replace(self.source, **changes)

    def load(self, interval="2020-01-01/2021-01-01"):
        from riskloom.extract.bronze import extract
        from riskloom.extract.load import load

        self.runs += 1
        run_id = f"run{self.runs}"
        extracted = extract(self.spark, self.project, self.source, Interval.parse(interval), run_id)
        return extracted, load(self.spark, self.project, self.source, extracted, run_id)

    def run(self, interval="2020-01-01/2021-01-01", *, passed=True):
        from riskloom.extract.publish import publish

        _, loaded = self.load(interval)
        return loaded.counts, publish(self.spark, self.project, self.source, loaded, passed, f"run{self.runs}")

    def rows(self, layer, *columns):
        table = tables.read(getattr(Lake(self.root / "lake"), layer)(self.source.name), list(columns))
        return sorted(tuple(row.values()) for row in table.to_pylist())

    def versions(self):
        lake = Lake(self.root / "lake")
        return tuple(tables.version(getattr(lake, layer)("logins")) for layer in ("bronze", "silver", "quarantine"))


@pytest.fixture
def workshop(spark, tmp_path):
    source = EventSource(
        name="logins",
        files="logins/{date}*",
        transform="logins:to_events",
        columns={"user_name": "string", "amount": "int64"},
        ignore={"comment": "^#"},
    )
    (tmp_path / "data" / "logins").mkdir(parents=True)
    made = Workshop(spark, tmp_path, source, {})
    made.transform(TRANSFORM)
    return made
