"""Walk a plan's steps on one session, with progress and with accounting."""

from __future__ import annotations

from riskloom.run.report import Progress, RunReport
from riskloom.run.walk import execute

__all__ = ["Progress", "RunReport", "execute"]
