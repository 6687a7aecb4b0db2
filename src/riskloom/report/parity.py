"""Parity of what is served with what would be trained on, for a few of the newest keys of each training set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskloom.errors import RiskloomError
from riskloom.report.html import note, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskloom.project import Project
    from riskloom.report.samples import Sample

_COLUMNS = ("service", "at", "keys", "values", "not equal", "causes")


def agreement(project: Project, samples: Sequence[Sample], most: int) -> list[str]:
    """Compare each service online and offline, for keys that its training set has.

    Args:
        project: The project.
        samples: Of each service's training set.
        most: Keys a service; none are compared where it is 0.
    """
    if not most:
        return [note("Nothing was compared, as was asked for.")]
    if not samples:
        return [note("No training set is kept, so that no keys are known to compare.")]
    rows: list[dict[str, Any]] = []
    notes = []
    for sample in samples:
        try:
            rows.append(_row(project, sample, most))
        except RiskloomError as error:
            notes.append(note(f"{sample.service}: {error}"))
    return [*([table(rows, _COLUMNS)] if rows else []), *notes]


def _row(project: Project, sample: Sample, most: int) -> dict[str, Any]:
    from riskloom.store.parity.compare import parity

    known = sample.rows.select(list(project.service_keys(sample.service))).drop_null()
    keys = known.group_by(known.column_names, use_threads=False).aggregate([])
    done = parity(project, sample.service, keys=keys.slice(max(0, keys.num_rows - most)).to_pylist())
    data = done.as_data()
    causes = {cause for one in data["features"] for cause in one["causes"]}
    return {
        "service": sample.service,
        "at": data["at"],
        "keys": min(keys.num_rows, most),
        "values": sum(one["compared"] for one in data["features"]),
        "not equal": sum(one["compared"] - one["equal"] for one in data["features"]),
        "causes": ", ".join(sorted(causes)),
    }
