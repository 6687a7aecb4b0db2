"""The window kernel: Arrow tables of events and of instants in, feature values out."""

from __future__ import annotations

from riskloom.windows.in_process import compute

__all__ = ["compute"]
