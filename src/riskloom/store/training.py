"""The trainer's snippet: a service and a spine in, a training set out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from riskloom.errors import StoreError
from riskloom.project import Project
from riskloom.store import outputs, parts, size
from riskloom.store import spine as spines
from riskloom.store.kept_files import as_kept
from riskloom.store.point_in_time import append_features

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    import pyarrow as pa

    from riskloom.settings import Settings
    from riskloom.store.parts import Part

Output = Literal["pandas", "arrow", "polars", "spark", "parquet", "delta"]
Runner = Literal["auto", "in_process", "spark"]
RUNNERS = ("auto", "in_process", "spark")


def build_training_set(  # noqa: PLR0913 - each is one choice of the trainer's
    service: str,
    spine: Any,  # noqa: ANN401 - a frame of one of five kinds
    *,
    project: Project | Path | str = ".",
    labels: Sequence[str] = (),
    label_as_of: datetime | str | None = None,
    label_maturity: str | None = None,
    output: Output = "pandas",
    out: Path | str | None = None,
    runner: Runner = "auto",
) -> Any:  # noqa: ANN401 - a frame of the kind asked for
    """Give each row of a spine the features that could be known at its instant, and its labels.

    Args:
        service: Name of the feature service.
        spine: A pandas, Arrow, Polars or Spark frame, or a list of dicts: the key columns and an aware
            ``event_timestamp``. Other columns pass through.
        project: The project, or its folder.
        labels: Names of label sources. A row's label is that of the event of its keys and instant.
        label_as_of: Instant by which labels must have been available, the same for all rows.
        label_maturity: How long after a row's own instant its label must have been available, such as ``30d``.
        output: Kind of frame wanted; ``parquet`` and ``delta`` give the path of what was written.
        out: Folder to keep the training set in, with its spine, a hash a row and a manifest by which
            `riskloom training-set reproduce` gives it again. Needed for ``parquet`` and ``delta``.
        runner: ``in_process`` needs no JVM, ``spark`` computes on a Spark session, and ``auto`` takes Spark where the
            tables are estimated to be too large for this process. The log says which and why.

    Returns:
        The spine's columns, then the service's features, then the labels; the same rows, in the same order.

    Raises:
        ProjectError: There is no such service or label.
        SpineError: The spine lacks a key or an aware time.
        StoreError: A table is missing, the output or runner does not exist, or nothing says by when labels must
            have been known.
    """
    outputs.check(output, out)
    if runner not in RUNNERS:
        raise StoreError.unknown_option("runner", runner, RUNNERS)
    loaded = project if isinstance(project, Project) else Project.load(project)
    made_of = parts.parts_of(loaded, service, labels=labels, label_as_of=label_as_of, label_maturity=label_maturity)
    chosen = size.choose(runner, made_of, spine, output)
    if out is None and chosen.runner == "spark" and (output == "spark" or hasattr(spine, "sparkSession")):
        from riskloom.store.spark import training_set

        return outputs.of_spark(loaded, training_set(loaded, made_of, spine), made_of, output)
    rows = spines.to_arrow(spine)
    if out is None:
        return outputs.of_arrow(loaded, compute(loaded, made_of, rows, chosen.runner), made_of, output)
    from riskloom.store.kept import keep

    return keep(loaded, service, made_of, as_kept(rows), chosen, output=output, folder=out)


def compute(project: Project | Settings, made_of: Sequence[Part], rows: pa.Table, runner: str) -> pa.Table:
    """Compute a training set of a spine that is in this process.

    Args:
        project: The project, or its settings.
        made_of: Its parts.
        rows: The spine.
        runner: ``in_process`` or ``spark``.

    Returns:
        The spine's columns, then the parts', in the spine's order.
    """
    spines.instants(rows)
    if runner == "spark":
        from riskloom.store.spark import collected

        return collected(project, made_of, rows)
    table = rows
    for part in made_of:
        table = append_features(table, part.values(rows))
    return table
