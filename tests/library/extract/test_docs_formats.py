"""The example of docs/formats.md runs as it stands, and its lists are those of the code."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from riskloom.intervals import to_micros
from riskloom.lake.ops import RunRecord
from riskloom.run.drift import COLUMNS, drift_of, shown
from riskloom.tabular import as_table

DOCS = (Path(__file__).resolve().parents[3] / "docs/formats.md").read_text()
FORMATS = Path(__file__).resolve().parents[3] / "src/riskloom/extract/formats"


def test_the_example_declares_a_source():
    (snippet,) = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    names: dict = {}
    exec(compile(snippet, "formats.md", "exec"), names)  # noqa: S102 - the page's own code
    assert [type(one).__name__ for one in names["logins"].formats] == ["JsonLines", "AccessLog", "KeyValue"]


def test_every_repair_is_listed():
    listed = re.search(r"Repairs: (.*?)\.\n", DOCS, re.DOTALL)[1]
    named = {code.strip("` \n") for code in listed.split(",")}
    source = "".join(path.read_text() for path in FORMATS.glob("*.py"))
    constants = dict(re.findall(r"^([A-Z_0-9]+) = \"([a-z_0-9]+)\"", source, re.MULTILINE))
    for left, right in re.findall(r"^([A-Z_0-9, ]+) = \(?\s*((?:\"[a-z_0-9]+\",?\s*)+)\)?$", source, re.MULTILINE):
        constants |= dict(zip(left.split(", "), re.findall(r"\"([a-z_0-9]+)\"", right), strict=False))
    noted = {constants[name] for name in re.findall(r"repaired\(([A-Z_0-9]+)\)", source)} | {
        "closed_brackets",
        "split_objects",
        "py_literal",
        "control_chars",
    }
    assert named == noted


def test_the_drift_is_shown_as_it_is():
    first = RunRecord(
        run_id="r",
        source="logins",
        interval_start=to_micros("2024-05-02T00:00:00Z"),
        interval_end=to_micros("2024-05-03T00:00:00Z"),
        records=3_000,
        drift={"missing:coupon": 1_836},
    )
    then = replace(
        first,
        interval_start=first.interval_end,
        interval_end=to_micros("2024-05-04T00:00:00Z"),
        drift={"alias:uid": 1_204, "missing:coupon": 3_000, "new:city": 31},
    )
    assert f"```\n{as_table(shown(drift_of([first, then])), COLUMNS)}\n```" in DOCS
