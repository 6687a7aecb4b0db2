"""For a user's own tests: literal rows against a view, random events, and a slow oracle that is plainly right."""

from __future__ import annotations

from riskloom.testing.check import check_view
from riskloom.testing.frames import assert_tables_equal

__all__ = ["assert_tables_equal", "check_view"]
