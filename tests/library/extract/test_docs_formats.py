"""The example of docs/formats.md runs as it stands, and its lists are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

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
