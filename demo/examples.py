"""What the demo shows of each service: a training set, and online answers beside it."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from demo.parity import filled, parity
from riskloom import OnlineFeatures, build_training_set
from riskloom.lake import tables
from riskloom.lake.paths import Lake

if TYPE_CHECKING:
    import pyarrow as pa

    from demo.parity import Parity
    from riskloom.project import Project

TRAINING_ROWS = 2_000
_CANDIDATES = 20_000


@dataclass(frozen=True, kw_only=True)
class Example:
    """One service, shown.

    Attributes:
        parity: Its online answers and training values at the same instants.
        training_rows: Rows of its training set.
        seconds: How long that took.
    """

    parity: Parity
    training_rows: int
    seconds: float

    @property
    def service(self) -> str:
        """Name of the service."""
        return self.parity.service

    @property
    def keys(self) -> dict[str, Any]:
        """The entity that is shown: the one with the most values that are neither null nor zero."""
        return self.parity.keys[self.parity.best]

    @property
    def online(self) -> dict[str, Any]:
        """Its features, read online."""
        return self.parity.online[self.parity.best]

    @property
    def training(self) -> dict[str, Any]:
        """Its features at the same instants, from the training set."""
        return self.parity.training[self.parity.best]

    @property
    def statuses(self) -> dict[str, str]:
        """Their statuses."""
        return self.parity.statuses[self.parity.best]

    @property
    def non_zero(self) -> int:
        """How many of them are neither null nor zero."""
        return filled(self.online)

    def as_data(self) -> dict[str, object]:
        """Give what the service costs, and whether both readings agree, as a row of a table."""
        return {
            "service": self.service,
            "features": len(self.online),
            "training_rows_s": round(self.training_rows / self.seconds),
            "online_ms_p50": f"{self.parity.p50:.3f}",
            "state_bytes": self.parity.state_bytes,
            "keys": len(self.parity.keys),
            "differing": len(self.parity.differing),
        }


def show(project: Project, service: str) -> Example:
    """Build a service's training set, and read its newest entities online.

    Args:
        project: The project, its tables built.
        service: Name of the service.

    Returns:
        What came out, online and training side by side.
    """
    newest = newest_keys(project, service)
    spine = newest.slice(0, TRAINING_ROWS)
    begun = time.perf_counter()
    training = build_training_set(service, spine, project=project.root, output="arrow")
    seconds = time.perf_counter() - begun
    client = OnlineFeatures.connect(project.settings.feature_repo)
    candidates = newest.drop_columns(["event_timestamp"]).to_pylist()
    return Example(
        parity=parity(project, service, client, candidates), training_rows=training.num_rows, seconds=seconds
    )


def newest_keys(project: Project, service: str) -> pa.Table:
    """Take the newest events of a service's first source: its entity keys and the event's time."""
    views = [view for view, _ in project.service_features(service)]
    keys = list(project.service_keys(service))
    lake = Lake(project.settings.lake)
    events = tables.read(lake.silver(views[0].source.name), [*keys, "event_ts", "event_id"])
    for key in keys:
        events = events.filter(pc.is_valid(events[key]))
    newest = events.sort_by([("event_ts", "descending"), ("event_id", "ascending")]).slice(0, _CANDIDATES)
    return newest.select([*keys, "event_ts"]).rename_columns([*keys, "event_timestamp"])


def p50(examples: list[Example]) -> float:
    """Give the median time of a single online read, in milliseconds."""
    return round(statistics.median(ms for example in examples for ms in example.parity.milliseconds), 3)
