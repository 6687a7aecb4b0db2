"""Rules about the text of the project that no linter knows."""

from __future__ import annotations

import os
import re
from importlib.metadata import version
from pathlib import Path

import pytest

from riskloom.lake import jars

ROOT = Path(__file__).parents[2]
# A project in tests/data is a project of its own, with packages at its root.
PROJECTS = ROOT / "tests" / "data"
NOT_OURS = {".git", ".venv", ".riskloom", ".hypothesis", "__pycache__", "spark-warehouse", "dist"}
MAX_LINES = 400

DOMAIN_WORDS = re.compile(r"fraud|coupon|chargeback|brushing|scalp|takeover|phishing|collusion", re.IGNORECASE)
REGISTRY = re.compile(
    r"pypi\.org|pythonhosted\.org|maven\.(?:org|apache\.org)|spark-packages\.org|index-url\s*=", re.IGNORECASE
)
MACHINE_PATH = re.compile(r"(?:^|[\s\"'`=(:])(?:/work|/root)/\w")
UNFINISHED = re.compile(r"\b(?:TO(?:DO)|FIX(?:ME)|XX(?:X))\b")


def files() -> list[Path]:
    """Every file of the project, without what tools and runs leave behind."""
    found = []
    for folder, inner, names in os.walk(ROOT):
        inner[:] = [name for name in inner if name not in NOT_OURS and not name.endswith("_cache")]
        # In a linked work tree `.git` is a file that says where the repository is.
        found += [Path(folder, name) for name in names if name not in NOT_OURS]
    return sorted(found)


def text_of(path: Path) -> str:
    """The text of a file; nothing where it is not text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def places(pattern: re.Pattern[str], under: Path = ROOT) -> list[str]:
    """Where a pattern stands, as path:line: text."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files()
        if path.is_relative_to(under)
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if pattern.search(line)
    ]


def test_modules_stay_short():
    long = {
        str(path.relative_to(ROOT)): n for path in files() if path.suffix == ".py" and (n := lines(path)) >= MAX_LINES
    }
    assert long == {}


def lines(path: Path) -> int:
    return len(text_of(path).splitlines())


def test_the_library_knows_no_word_of_the_domain():
    assert places(DOMAIN_WORDS, ROOT / "src") == []


@pytest.mark.parametrize(
    "pattern", [REGISTRY, MACHINE_PATH, UNFINISHED], ids=["registry", "machine path", "unfinished"]
)
def test_the_text_is_free_of(pattern):
    assert places(pattern) == []


def test_no_package_under_tests():
    packages = [path for path in files() if path.name == "__init__.py" and path.is_relative_to(ROOT / "tests")]
    assert [path for path in packages if not path.is_relative_to(PROJECTS)] == []


def test_test_files_have_names_of_their_own():
    names = [path.name for path in files() if path.name.startswith("test_")]
    assert sorted(set(names)) == sorted(names)


def test_delta_jars_are_those_of_the_pinned_package():
    assert version("delta-spark") == jars.VERSION


def test_constraints_pin_and_name_no_index():
    text = (ROOT / "constraints.txt").read_text()
    assert [
        line for line in text.splitlines() if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*==[\w.!+]+( ; .*)?", line)
    ] == []
