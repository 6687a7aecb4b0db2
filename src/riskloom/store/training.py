"""The trainer's snippet: a service and a spine in, a training set out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from riskloom.errors import StoreError
from riskloom.lake.paths import Lake
from riskloom.project import Project
from riskloom.store import point_in_time
from riskloom.store import spine as spines

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from riskloom.declare import Feature

    # For each view of a service: its name, and its features by output column.
    Wanted = list[tuple[str, dict[str, Feature]]]

Output = Literal["pandas", "arrow", "spark"]
Runner = Literal["in_process", "spark"]
OUTPUTS, RUNNERS = ("pandas", "arrow", "spark"), ("in_process", "spark")


def build_training_set(
    service: str,
    spine: Any,  # noqa: ANN401 - a frame of one of four kinds
    *,
    project: Project | Path | str = ".",
    output: Output = "pandas",
    runner: Runner = "in_process",
) -> Any:  # noqa: ANN401 - a frame of the kind asked for
    """Give each row of a spine the features that could be known at its instant.

    Args:
        service: Name of the feature service.
        spine: A pandas, Arrow or Spark frame, or a list of dicts: the key columns and an aware ``event_timestamp``.
            Other columns, such as a label, pass through.
        project: The project, or its folder.
        output: Kind of frame wanted.
        runner: ``spark`` computes on a Spark session, for spines and tables that one process can't hold.

    Returns:
        The spine's columns, then the service's features; the same rows, in the same order.

    Raises:
        ProjectError: There is no such service.
        SpineError: The spine lacks a key or an aware time.
        StoreError: A view has no table yet, or the output or runner does not exist.
    """
    if output not in OUTPUTS:
        raise StoreError.unknown_option("output", output, OUTPUTS)
    if runner not in RUNNERS:
        raise StoreError.unknown_option("runner", runner, RUNNERS)
    loaded = project if isinstance(project, Project) else Project.load(project)
    wanted = _wanted(loaded, service)
    if runner == "spark":
        from riskloom.store.spark import training_set

        return training_set(loaded, wanted, spine, output)
    rows = spines.to_arrow(spine)
    spines.instants(rows)
    return _as_output(_compute(loaded, wanted, rows), wanted, loaded, output)


def _wanted(project: Project, service: str) -> Wanted:
    """Give, for each view of a service, its features by output column."""
    return [
        (view.name, {project.output_name(service, view.name, feature.name): feature for feature in features})
        for view, features in project.service_features(service)
    ]


def _compute(project: Project, wanted: Wanted, rows: pa.Table) -> pa.Table:
    table, lake = rows, Lake(project.settings.lake)
    for name, features in wanted:
        view = project.view(name)
        keys = spines.keys_and_instants(rows, view)
        values = point_in_time.values(view, lake.gold(name), keys, [feature.name for feature in features.values()])
        columns = {column: values.column(feature.name) for column, feature in features.items()}
        table = point_in_time.append_features(table, columns)
    return table


def _as_output(table: pa.Table, wanted: Wanted, project: Project, output: Output) -> Any:  # noqa: ANN401 - as asked for
    if output == "arrow":
        return table
    if output == "pandas":
        return point_in_time.to_pandas(table, {column: found for _, part in wanted for column, found in part.items()})
    from riskloom.store.spark import to_spark

    return to_spark(project, table)
