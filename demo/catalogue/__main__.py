"""The command: ``python -m demo.catalogue`` writes docs/catalogue.md."""

from __future__ import annotations

import sys
from pathlib import Path

from demo.catalogue.page import page
from riskloom import Project

ROOT = Path(__file__).resolve().parents[2]

if __name__ == "__main__":
    path = ROOT / "docs" / "catalogue.md"
    path.write_text(page(Project.load(ROOT / "demo" / "platform")), encoding="utf-8")
    sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
