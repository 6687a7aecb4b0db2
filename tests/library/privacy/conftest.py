"""A shop whose raw files hold personal data, run once, with everything that was said meanwhile."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from riskloom import OnlineFeatures, tokens
from riskloom.lake import tables
from riskloom.project import Project

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
KEY = "k1:" + "61" * 16
NEWER = f"{KEY},k2:" + "62" * 16
ANNA, BEN, VERA = "anna.lindqvist-77", "ben-santos-88", "vera.holm-99"
EMAIL, PHONE, CARD, NATIONAL, ADDRESS = (
    "nora.berg@planted.example",
    "138-0013-8000",
    "4111 1111 1111 1111",
    "123-45-6789",
    "12 Planted Street",
)
# In lines that cannot be read, in unknown fields, in errors' words.
CUT, UNKNOWN, CAST, CALL = "cut.off@planted.example", "un.known@planted.example", "cast.planted-1", "call.planted-2"
PLANTED = (ANNA, BEN, EMAIL, PHONE, CARD, NATIONAL, ADDRESS, CUT, UNKNOWN, CAST, CALL)
# The source that declares nothing private keeps its visitors' names.
OF_VISITS = (VERA,)

MESSAGES = {
    "2024-05-01": [
        f'{{"ts": "2024-05-01T08:00:00Z", "customer_id": "{ANNA}", "text": "call me {PHONE}, card {CARD}, {EMAIL}", "amount": 5}}',
        f'{{"ts": "2024-05-01T09:00:00Z", "customer_id": "{ANNA}", "text": "{ANNA} lives at {ADDRESS}, {NATIONAL}", "amount": 7}}',
        f'{{"ts": "2024-05-01T09:30:00Z", "customer_id": "{BEN}", "text": "hello", "amount": 11, "contact": "{UNKNOWN}", "of": "{ANNA}"}}',
        f'{{"ts": "2024-05-01T10:00:00Z", "customer_id": "{ANNA}", "amount": "{CUT}"}}',
        f'{{"ts": "2024-05-01T10:00:00Z", "customer_id": "{BEN}", "amount": 1000000, "text": "{EMAIL}"}}',
        f'{{"ts": "2024-05-01T11:00:00Z", "text": "nobody, {EMAIL}"}}',
        f'{{\n "ts": "2024-05-01T12:00:00Z",\n "customer_id": "{ANNA}",\n "amount": 13\n}}',
        f'{{"ts": "2024-05-01T10:30:00Z", "customer_id": "{ANNA}", "text": "{CUT}',
    ],
    "2024-05-02": [
        f'{{"ts": "2024-05-02T08:00:00Z", "customer_id": "{ANNA}", "text": "again", "amount": 17}}',
        f'{{"ts": "2024-05-02T08:30:00Z", "customer_id": "{BEN}", "text": "{EMAIL}", "amount": 19}}',
    ],
}
ORDERS = {
    "2024-05-01": [
        f"o1 2024-05-01T08:00:00Z {ANNA} 100 send to {ADDRESS}",
        f"o2 2024-05-01T09:00:00Z {BEN} 200 gift",
        f"o3 2024-05-01T09:30:00Z {ANNA} many {EMAIL}",
        f"o4 yesterday {BEN} 300 {PHONE}",
    ],
    "2024-05-02": [f"o5 2024-05-02T08:00:00Z {ANNA} 400 gift", f"o6 2024-05-02T09:00:00Z {BEN} 500 gift"],
}
VISITS = {
    "2024-05-01": [
        f'{{"ts": "2024-05-01T08:00:00Z", "visitor_id": "{VERA}", "page": "/a"}}',
        '{"ts": "2024-05-01T09:00:00Z", "visitor_id": "walter", "page": "/b"}',
    ],
    "2024-05-02": ['{"ts": "2024-05-02T09:00:00Z", "visitor_id": "walter", "page": "/c"}'],
}
FAILING = {"casts/2024-05-01.txt": f"{CAST}\n", "calls/2024-05-01.txt": f"{CALL}\n"}
DAYS = "--interval 2024-05-01T00:00:00Z/2024-05-03T00:00:00Z --source messages --source orders --source visits"
INTERVAL = "2024-05-01T00:00:00Z/2024-05-02T00:00:00Z"


@dataclass
class Shop:
    """A project, and what its commands said."""

    root: Path
    said: str = ""

    @property
    def project(self):
        return Project.load(self.root)

    @property
    def lake(self):
        return self.root / ".riskloom/lake"

    def tell(self, *commands, keys=KEY):
        """Run commands in a process of their own, and keep what they and Spark said in a log beside the tables."""
        log = self.root / ".riskloom/told.log"
        log.parent.mkdir(exist_ok=True)
        start = log.stat().st_size if log.exists() else 0
        with log.open("a") as out:
            command = [sys.executable, str(HERE / "told.py"), str(self.root), *commands]
            environment = {**os.environ, tokens.KEYS: keys, "PYTHONPATH": str(ROOT / "src")}
            done = subprocess.run(command, stdout=out, stderr=out, env=environment, cwd=self.root, check=False)
        self.said = log.read_text()[start:]
        assert done.returncode == 0, self.said
        return self.said

    def copy(self, folder):
        """Give the shop as it is, in another folder; what was said stays behind."""
        shutil.copytree(self.root, folder, ignore=shutil.ignore_patterns("told.log"))
        return Shop(folder)

    def rows(self, layer, source, *columns):
        table = tables.read(self.lake / layer / source, list(columns))
        return sorted(tuple(row.values()) for row in table.to_pylist())

    def online(self, service, **keys):
        return OnlineFeatures.connect(self.root / "feature_repo").get(service, keys).values


def write_files(root):
    files = dict(FAILING)
    for source, suffix, days in (
        ("messages", "jsonl", MESSAGES),
        ("orders", "txt", ORDERS),
        ("visits", "jsonl", VISITS),
    ):
        files |= {f"{source}/{day}.{suffix}": "\n".join(lines) + "\n" for day, lines in days.items()}
    for name, text in files.items():
        path = root / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture(scope="session")
def shop_that_ran(tmp_path_factory):
    root = tmp_path_factory.mktemp("private") / "shop"
    shutil.copytree(ROOT / "tests/data/private_shop", root)
    write_files(root)
    made = Shop(root)
    failing = [f"run --interval {INTERVAL} --source {name}" for name in ("casts", "calls")]
    made.tell(f"run {DAYS}", *failing, f"execute {INTERVAL} casts", f"execute {INTERVAL} calls", "status --json")
    return made


@dataclass(frozen=True)
class Planted:
    """What was planted: values that may stand in bronze alone, and those of a source that declares nothing private."""

    private: tuple[str, ...] = PLANTED
    of_visits: tuple[str, ...] = OF_VISITS
    anna: str = ANNA
    ben: str = BEN
    vera: str = VERA

    @property
    def messages_of_anna(self):
        return [f"{line}\n" for line in MESSAGES["2024-05-01"][:2]]


@pytest.fixture
def planted():
    return Planted()


@pytest.fixture
def keys(monkeypatch):
    monkeypatch.setenv(tokens.KEYS, KEY)


@pytest.fixture
def newer_keys(monkeypatch):
    monkeypatch.setenv(tokens.KEYS, NEWER)
    return NEWER
