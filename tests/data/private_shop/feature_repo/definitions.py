"""What Feast registers: compiled from the declarations under features/."""

from __future__ import annotations

from pathlib import Path

from riskloom.project import Project
from riskloom.store.compile import named

globals().update(named(Project.load(Path(__file__).resolve().parent.parent)))
