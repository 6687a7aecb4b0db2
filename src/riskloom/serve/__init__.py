"""The feature server: Feast's HTTP contract, on uvicorn. Needs a feature repository, and no JVM."""

from __future__ import annotations

# Before Feast, whose own metrics would have all counters kept in files, also those of a single worker.
import prometheus_client  # noqa: F401
