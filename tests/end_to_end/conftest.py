"""Projects that whole paths run on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def hand_worked_project():
    """Give a function that copies the project of twenty orders to a new folder."""

    def copy(folder: Path) -> Path:
        root = folder / "project"
        shutil.copytree(ROOT / "tests/data/hand_worked", root)
        return root

    return copy
