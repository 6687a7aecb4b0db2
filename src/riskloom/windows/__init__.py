"""The window kernel and the as-of join: Arrow tables of rows and of instants in, feature values out."""

from __future__ import annotations

from riskloom.windows.as_of import as_of, places_as_of
from riskloom.windows.in_process import compute

__all__ = ["as_of", "compute", "places_as_of"]
