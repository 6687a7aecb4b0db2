"""The Handbook's published features, recomputed from its raw transactions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACES = [os.environ.get("RISKLOOM_SHARED", ""), *(str(folder / "shared") for folder in (*ROOT.parents,))]
DATA = next((Path(place, "data/handbook_transactions") for place in PLACES if place and Path(place).is_dir()), None)

pytestmark = [
    pytest.mark.feast,
    pytest.mark.skipif(DATA is None or not DATA.is_dir(), reason="the Handbook's transactions are not in shared/data"),
]


def test_only_rows_with_an_event_at_an_edge_differ():
    arguments = ["--transactions", DATA / "transactions_2018-04_to_07.parquet"]
    arguments += ["--published", DATA / "published_features_2018-06-15.parquet"]
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks/handbook.py", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["unexplained"] == 0
    assert sum(result["differ"].values()) == 4


def test_days_that_the_file_lacks_are_named():
    arguments = ["--transactions", DATA / "transactions_2018-04_to_07.parquet", "--train-start", "2018-07-25"]
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks/handbook.py", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == (
        "training from 2018-07-25 tests 2018-08-08 to 2018-08-14, and the file has transactions of 2018-04-01 to 2018-07-31 "
        "alone; give another --train-start, or a file with those days\n"
    )
