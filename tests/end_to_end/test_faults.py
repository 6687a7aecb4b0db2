"""A full disk, an unreadable file and a missing permission: one clear line, tables as they were, and the next run completes."""

from __future__ import annotations

import logging
import os
import random
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress

import pytest
from click.testing import CliRunner

from riskloom.cli import main
from riskloom.lake import tables
from riskloom.lake.commits import LOGGER
from riskloom.testing.disks import small_disk

pytestmark = pytest.mark.spark

SOURCE = """
from riskloom import EventSource
from riskloom.declare.formats import KeyValue

logins = EventSource(
    name="logins", files="logins/{date}.log", format=KeyValue(), timestamp=("time",),
    columns={"user_name": "string", "note": "string"},
)
"""
LARGEST = 8 * 2**20
DAY_1, DAY_2 = "2020-01-01/2020-01-02", "2020-01-02/2020-01-03"
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")


@pytest.fixture
def shop(tmp_path, spark):
    root = tmp_path / "shop"
    for folder in ("features", "transforms", "expectations"):
        (root / folder).mkdir(parents=True)
        (root / folder / "__init__.py").touch()
    (root / "features" / "logins.py").write_text(SOURCE)
    (root / "riskloom.toml").write_text('[project]\nname = "shop"\n')
    write(root, 1)
    yield root
    for name in [name for name in sys.modules if name.partition(".")[0] in ("features", "expectations")]:
        del sys.modules[name]


def write(root, day, lines=3):
    notes = random.Random(day)
    path = root / "data" / "logins" / f"2020-01-0{day}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join(
            f"time=2020-01-0{day}T10:00:00Z user_name=ann note={notes.randbytes(300).hex()}\n" for _ in range(lines)
        )
    )
    return path


def run(root, interval):
    done = CliRunner().invoke(main, ["--project", str(root), "run", "--interval", interval])
    return done.exit_code, done.stderr.splitlines()[-1]


def versions(root):
    """Give each table's version; the runs that failed are recorded, so that their table is left out."""
    lake = root / ".riskloom" / "lake"
    found = sorted(path.parent for path in lake.glob("*/*/_delta_log"))
    return {f"{path.parent.name}.{path.name}": tables.version(path) for path in found if path.name != "runs"}


def with_lines(before):
    """Give the versions after a run that has read its files, and published nothing."""
    return before | {name: before[name] + 1 for name in ("bronze.logins", "ops.files")}


def completes(root, rows):
    assert run(root, DAY_2)[0] == 0
    lake = root / ".riskloom" / "lake"
    assert [tables.rows(lake / layer / "logins") for layer in ("bronze", "silver")] == [rows, rows]


@contextmanager
def filled_after(table, folder):
    """Fill a small disk right after a table's commit."""
    handler = Fills(table, folder)
    logger = logging.getLogger(LOGGER)
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class Fills(logging.Handler):
    """Fills a small disk where a table's commit is told."""

    def __init__(self, table, folder):
        super().__init__()
        self.table, self.folder = table, folder

    def emit(self, record):
        if record.getMessage().startswith(f"{self.table} "):
            fill(self.folder)


def fill(folder):
    """Leave nothing of a small disk; of any other one, everything."""
    assert folder.is_mount()
    assert shutil.disk_usage(folder).total < LARGEST
    with (folder / "filler").open("wb", buffering=0) as file:
        for size in (65536, 4096):
            with suppress(OSError):
                while file.tell() < LARGEST:
                    file.write(bytes(size))


@AS_ROOT
def test_a_full_disk_is_told_and_changes_no_table(shop):
    lake = shop / ".riskloom" / "lake"
    with small_disk(lake, "4m"):
        assert run(shop, DAY_1)[0] == 0
        before = versions(shop)
        # More than a run finds free by clearing what the one before it staged.
        write(shop, 2, lines=300)
        fill(lake)
        told = f"error: {lake}/bronze/logins cannot be written: No space left on device. "
        rest = "What is published stays as it was. Make room there and run again."
        assert run(shop, DAY_2) == (1, told + rest)
        assert versions(shop) == before
        # It fills up later: once the lines are in bronze, which the next run finds there.
        (lake / "filler").unlink()
        told = f"error: {lake}/staging/logins cannot be written: No space left on device. "
        with filled_after("ops.files", lake):
            assert run(shop, DAY_2) == (1, told + rest)
        assert versions(shop) == with_lines(before)
        (lake / "filler").unlink()
        completes(shop, 303)


def test_an_unreadable_file_is_told_and_changes_no_table(shop):
    assert run(shop, DAY_1)[0] == 0
    before = versions(shop)
    path = shop / "data" / "logins" / "2020-01-02.log"
    # Its first byte cannot be read, whoever reads it.
    path.symlink_to("/proc/self/mem")
    told = f"error: source 'logins': {path} cannot be read: Input/output error. "
    assert run(shop, DAY_2) == (1, told + "No table was changed; make it readable and run again.")
    assert versions(shop) == before
    path.unlink()
    write(shop, 2)
    completes(shop, 6)


def test_a_missing_permission_is_told_and_changes_no_table(shop):
    assert run(shop, DAY_1)[0] == 0
    before = versions(shop)
    path, silver = write(shop, 2), shop / ".riskloom" / "lake" / "silver" / "logins"
    file_told, table_told = run_without_privilege(shop, path, silver)
    told = f"error: source 'logins': {path} cannot be read: Permission denied. "
    assert file_told == told + "No table was changed; make it readable and run again."
    told = f"error: {silver} cannot be written: Permission denied. What is published stays as it was. "
    assert table_told == told + "Give this user the permission and run again."
    assert versions(shop) == with_lines(before)
    completes(shop, 6)


BOUND = """
import sys
from pathlib import Path
from click.testing import CliRunner
from riskloom.cli import main
root, interval, *refused = sys.argv[1:]
for path, mode in zip(map(Path, refused), (0o000, 0o555)):
    kept = path.stat().st_mode
    path.chmod(mode)
    done = CliRunner().invoke(main, ["--project", root, "run", "--interval", interval])
    path.chmod(kept)
    print(done.exit_code, done.stderr.splitlines()[-1])
"""


def run_without_privilege(root, *refused):
    """Run the second day as a user whom permissions bind, which root is not, with one path refused after the other."""
    bound = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    if bound and shutil.which("setpriv") is None:
        pytest.skip("setpriv is missing: apt-get install util-linux")
    done = subprocess.run(
        [*bound, sys.executable, "-c", BOUND, str(root), DAY_2, *map(str, refused)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd="/",
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = done.stdout.splitlines()
    assert all(line.startswith("1 ") for line in lines)
    return [line.removeprefix("1 ") for line in lines]
