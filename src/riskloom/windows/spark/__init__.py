"""The window kernel on Spark; imported only where a session is at hand."""

from __future__ import annotations
