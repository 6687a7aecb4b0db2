"""What a server counts for Prometheus, and the lines that it logs: neither holds a key's value."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import orjson
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from riskloom.intervals import SECOND, format_instant
from riskloom.store.evaluate import NOT_FOUND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskloom.serve.by_feast import Count
    from riskloom.store.evaluate import Answer
    from riskloom.store.push import Outcome
    from riskloom.store.requests import Request

_BUCKETS = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)


class Telemetry:
    """Counts requests and reads, and writes a log line a request.

    Args:
        shared: Whether several workers count together.

    Attributes:
        latency: Seconds of requests for features.
        requests: Requests by path and status.
        pushes: Events pushed, by view and what became of them.
        reads: Entities read, by view and whether they had a state.
        served: Rows of the sample of what was served, by what became of them.
        staleness: Seconds from a view's watermark to the instant of its newest read.
    """

    def __init__(self, *, shared: bool) -> None:
        self._shared = shared
        self._registry = CollectorRegistry()
        self.latency = Histogram(
            "riskloom_request_seconds", "Seconds of a request for features.", buckets=_BUCKETS, registry=self._registry
        )
        self.requests = Counter("riskloom_requests", "Requests.", ["path", "status"], registry=self._registry)
        self.reads = Counter("riskloom_entities", "Entities read.", ["view", "result"], registry=self._registry)
        self.pushes = Counter("riskloom_pushed", "Events pushed.", ["view", "status"], registry=self._registry)
        self.served = Counter("riskloom_served_rows", "Rows of the sample.", ["result"], registry=self._registry)
        self.staleness = Gauge(
            "riskloom_staleness_seconds",
            "Seconds from a view's watermark to the instant of its newest read.",
            ["view"],
            multiprocess_mode="mostrecent",
            registry=self._registry,
        )
        self._counted: dict[tuple[str, str], Counter] = {}
        self._views: dict[str, tuple[Counter, Counter, Gauge]] = {}
        self._lines: list[bytes] = []

    def answered(self, request: Request, answers: Sequence[Answer]) -> None:
        """Count hits and misses of each view, and how stale it is."""
        for part, answer in zip(request.parts, answers, strict=True):
            hits, misses, staleness = self._view(part.plan.view.name)
            missing = sum(row.statuses[0] == NOT_FOUND for row in answer.rows)
            if missing:
                misses.inc(missing)
            if missing < len(answer.rows):
                hits.inc(len(answer.rows) - missing)
            if answer.at is not None and answer.watermark is not None:
                staleness.set((answer.at - answer.watermark) / SECOND)

    def counted(self, counts: Sequence[Count]) -> None:
        """Count hits and misses of views that Feast has read."""
        for count in counts:
            hits, misses, _ = self._view(count.view)
            hits.inc(count.hits)
            misses.inc(count.misses)

    def pushed(self, outcomes: Sequence[Outcome]) -> None:
        """Count what became of pushed events."""
        for outcome in outcomes:
            self.pushes.labels(outcome.view, outcome.status).inc()

    def _view(self, name: str) -> tuple[Counter, Counter, Gauge]:
        found = self._views.get(name)
        if found is None:
            hits, misses = (self.reads.labels(name, result) for result in ("hit", "miss"))
            found = self._views[name] = (hits, misses, self.staleness.labels(name))
        return found

    def ended(self, path: str, status: int, seconds: float, key: str, what: str, entities: int) -> None:
        """Count a request, and keep its log line.

        Args:
            path: Path of the API; other ones are told as such, since they may hold anything.
            status: HTTP's status.
            seconds: How long it took.
            key: Name of the API key.
            what: Service, or how many features.
            entities: How many entities.
        """
        place = (path, str(status))
        counted = self._counted.get(place)
        if counted is None:
            counted = self._counted[place] = self.requests.labels(*place)
        counted.inc()
        line = {
            "time": format_instant(time.time_ns() // 1_000),
            "path": path,
            "status": status,
            "ms": round(seconds * 1_000, 3),
            "key": key,
            "asked": what,
            "entities": entities,
        }
        self._lines.append(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def flush(self) -> None:
        """Write the lines that are kept, in one go."""
        if self._lines:
            lines, self._lines = self._lines, []
            # A log that cannot be written is no reason to stop answering, nor to hold its lines for ever.
            with suppress(OSError):
                sys.stdout.buffer.write(b"".join(lines))
                sys.stdout.buffer.flush()

    def exposed(self) -> bytes:
        """Give everything as Prometheus reads it; of all workers, where there are several."""
        if self._shared:
            together = CollectorRegistry()
            MultiProcessCollector(together)  # type: ignore[no-untyped-call]
            return bytes(generate_latest(together))
        return bytes(generate_latest(self._registry))
