"""Feast's own universal suites: each test that passes with Feast's stores passes with ours, by name.

They are taken from a fetched copy of Feast's repository, of which nothing is kept here: ``UNIV_MIRROR`` names its git
directory, and the data folder's neighbour ``feast_universal`` holds what runs them.
"""

from __future__ import annotations

import os
import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import riskloom

pytestmark = [pytest.mark.slow, pytest.mark.feast]

OURS = ("riskloom.store.offline.RiskloomOfflineStore", "riskloom.store.online.RiskloomOnlineStore")
# Feast's stores give rows that are older than their ttl, and two of its tests ask for such rows.
INNER = {
    "sqlite": '{"inner": {"type": "sqlite"}, "enforce_ttl": false}',
    "redis": '{"inner": {"type": "redis", "connection_string": "@REDIS@,db=0"}, "enforce_ttl": false}',
}


ENVIRONMENT = re.compile(r"ParameterSet\(values=\(.*?,\), marks=\[.*?\], id=None\)")


@pytest.fixture
def passed(shared, tmp_path):
    """Run the suites against two stores, and name the tests that pass."""
    script = None if shared is None else shared.parent / "feast_universal" / "run.sh"
    if script is None or not script.exists() or not os.environ.get("UNIV_MIRROR"):
        pytest.skip("needs UNIV_MIRROR, the git directory of a copy of Feast's repository, and shared/feast_universal")
    work = Path(os.environ.get("UNIV_WORK", tmp_path))

    def run(offline, online, **options):
        before = set(work.glob("out/*/*.xml"))
        environment = {**os.environ, "UNIV_WORK": str(work), "UNIV_EXTRA": "1", **options}
        subprocess.run([script, offline, online], env=environment, check=True)
        (report,) = set(work.glob("out/*/*.xml")) - before
        return {
            (case.get("classname"), ENVIRONMENT.sub("", case.get("name")))
            for case in ET.parse(report).iter("testcase")  # noqa: S314 - pytest wrote it
            if not {"failure", "error", "skipped"} & {child.tag for child in case}
        }

    return run


@pytest.mark.parametrize("inner", INNER)
def test_what_passes_with_the_stock_stores_passes_with_ours(passed, inner):
    ours = passed(
        *OURS,
        UNIV_PYTHONPATH=str(Path(riskloom.__file__).parents[1]),
        UNIV_OFFLINE_CREATOR="riskloom.testing.feast_suite.DeltaDataSourceCreator",
        UNIV_ONLINE_CONFIG=INNER[inner],
        UNIV_ONLINE_AS=inner,
    )
    stock = passed("file", inner)
    assert len(stock) > 70
    assert stock - ours == set()
