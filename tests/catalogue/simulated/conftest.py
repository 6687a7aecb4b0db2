"""A small simulated platform with much mess, written once."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - dataclasses read annotations of it

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demo.simulate.run import Simulation, simulate
from demo.simulate.scales import scale_of
from demo.simulate.scenarios import SCENARIOS


@dataclass(frozen=True)
class Written:
    folder: Path

    def table(self, name):
        with (self.folder / "truth" / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def truth(self, source):
        parts = sorted((self.folder / "truth" / "events" / source).iterdir())
        return pa.concat_tables([pq.read_table(part) for part in parts])


@pytest.fixture(scope="session")
def written_to():
    """Writes a simulation to a folder."""

    def write(folder, simulation):
        simulate(simulation, folder)
        return Written(folder)

    return write


@pytest.fixture(scope="session")
def written(tmp_path_factory, written_to):
    folder = tmp_path_factory.mktemp("simulated") / "out"
    return written_to(folder, Simulation(scale=scale_of("XS"), seed=7, scenarios=tuple(SCENARIOS), mess=4.0))
