"""Compares features that were read online with those of a training set, and says why they differ where it can tell."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from riskloom.errors import StoreError
from riskloom.intervals import format_instant, to_datetime
from riskloom.store import spine as spines
from riskloom.store.client import OnlineFeatures
from riskloom.store.parity.causes import Causes, same
from riskloom.store.parity.sample import sample_keys
from riskloom.store.repo import open_store
from riskloom.store.training import build_training_set
from riskloom.tabular import as_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskloom.project import Project
    from riskloom.store.client import OnlineRow, Part
    from riskloom.store.parity.sample import Keys

_KEYS_AT_ONCE = 500
_COLUMNS = ("feature", "compared", "equal", "missing", "extra", "other", "largest", "causes")


@dataclass(slots=True)
class Compared:
    """One feature.

    Attributes:
        feature: Its output name.
        compared: How many values were.
        equal: How many are equal: doubles within 1e-9 of the larger one, or of 1 where that is more.
        missing: How many are null online and not in the training set.
        extra: How many are null in the training set and not online.
        other: How many are two different values.
        largest: Largest difference of two numbers.
        causes: How many of those that are not equal have which cause.
    """

    feature: str
    compared: int = 0
    equal: int = 0
    missing: int = 0
    extra: int = 0
    other: int = 0
    largest: float = 0.0
    causes: Counter[str] = field(default_factory=Counter)

    def add(self, online: Any, trained: Any) -> bool:  # noqa: ANN401 - a feature's value
        """Compare two values, and say whether they are equal."""
        self.compared += 1
        if same(online, trained):
            self.equal += 1
            return True
        if online is None or trained is None:
            self.missing += online is None
            self.extra += trained is None
        else:
            self.other += 1
            if isinstance(online, int | float) and isinstance(trained, int | float):
                self.largest = max(self.largest, abs(float(online) - float(trained)))
        return False


@dataclass(frozen=True, slots=True)
class Parity:
    """What was compared.

    Attributes:
        service: The service.
        at: Instant of both reads, microseconds since the epoch.
        features: Each feature.
    """

    service: str
    at: int
    features: tuple[Compared, ...]

    @property
    def share(self) -> float:
        """Share of the values that are not equal."""
        compared = sum(one.compared for one in self.features)
        return 1 - sum(one.equal for one in self.features) / compared if compared else 0.0

    def as_data(self) -> dict[str, Any]:
        """Give it for machines."""
        features = [{**asdict(one), "causes": dict(one.causes)} for one in self.features]
        return {"service": self.service, "at": format_instant(self.at), "unequal": self.share, "features": features}

    def as_text(self) -> str:
        """Give it for people."""
        rows = [{**asdict(one), "largest": f"{one.largest:.3g}", "causes": _told(one.causes)} for one in self.features]
        compared = sum(one.compared for one in self.features)
        head = f"{self.service} at {format_instant(self.at)}: {compared} values, {self.share:.4%} not equal"
        return f"{head}\n{as_table(rows, _COLUMNS)}"


def parity(
    project: Project, service: str, *, sample: int = 1_000, at: int | None = None, keys: Keys | None = None
) -> Parity:
    """Read a service online, compute the same offline at the same instant, and compare.

    Args:
        project: The project.
        service: Name of the service.
        sample: How many keys to take from the tables.
        at: Microseconds since the epoch; None for what ``online_store.clock`` says, and by the clock ``watermark`` for
            the latest one of the service's views.
        keys: The keys to compare, instead of a sample.

    Raises:
        ProjectError: There is no such service.
        StoreError: A table is missing, nothing is materialized, or the store can't be read.
    """
    chosen = sample_keys(project, service, sample) if keys is None else keys
    client = OnlineFeatures(open_store(project.settings.feature_repo))
    parts = client.service(service).parts
    instant = _instant(client, service, parts) if at is None else at
    rows: list[OnlineRow] = []
    for start in range(0, len(chosen), _KEYS_AT_ONCE):
        rows += client.get_many(service, chosen[start : start + _KEYS_AT_ONCE], to_datetime(instant))
    spine = [{**key, spines.TIME: to_datetime(instant)} for key in chosen]
    trained = build_training_set(service, spine, project=project, output="arrow", runner="in_process")
    causes, found = Causes(project, client, instant), []
    for part in parts:
        for output, name in zip(part.outputs, part.features, strict=True):
            compared = Compared(output)
            column = trained.column(output).to_pylist()
            wrong = [place for place, row in enumerate(rows) if not compared.add(row.values[output], column[place])]
            compared.causes.update(causes.of(part, output, name, [(chosen[place], rows[place]) for place in wrong]))
            found.append(compared)
    return Parity(service, instant, tuple(found))


def _instant(client: OnlineFeatures, service: str, parts: Sequence[Part]) -> int:
    marks = [mark for part in parts if part.plan is not None and (mark := client.views.read_mark(part.name))]
    latest = max(marks, key=lambda mark: mark.watermark, default=None)
    now: int | None = client.views.now(latest)
    if now is None:
        raise StoreError.nothing_to_compare(service)
    return now


def _told(causes: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {cause}" for cause, count in causes.items()) or "-"
