"""Training sets that are kept: data, spine, a hash a row, and the manifest that gives them again."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from riskloom.errors import StoreError
from riskloom.lake import tables
from riskloom.lake.paths import Lake
from riskloom.store import by_tasks, outputs
from riskloom.store.kept_files import DATA, hash_rows, write_parquet
from riskloom.store.manifest import FILE, FORMAT, ROWS, SPINE, Manifest, digest, parts_data, validation_data, versions
from riskloom.store.row_hash import content_hash
from riskloom.store.size import Choice, spark_tasks
from riskloom.store.training import compute

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from riskloom.lake.tasks import Tasks
    from riskloom.project import Project
    from riskloom.settings import Settings
    from riskloom.store.parts import Part


@dataclass(frozen=True, kw_only=True)
class Produced:
    """The data of a training set, as it was written.

    Attributes:
        schema: Its columns.
        rows: How many rows it has.
        content: Hash of columns and rows, whatever the files.
        files: Names of the data's files below the folder.
    """

    schema: pa.Schema
    rows: int
    content: str
    files: tuple[str, ...]


def keep(
    project: Project,
    service: str,
    parts: Sequence[Part],
    spine: pa.Table,
    chosen: Choice,
    *,
    output: str,
    folder: Path | str,
) -> Any:  # noqa: ANN401 - as asked for
    """Compute a training set into a folder, and give it as asked for.

    Args:
        project: The project.
        service: Name of the service.
        parts: What the training set is made of.
        spine: Its spine.
        chosen: The runner, and why.
        output: ``parquet`` or ``delta`` for the path of the data, else a kind of frame.
        folder: Where to write. It is replaced as a whole where it holds a training set, and refused where
            it holds other files.
    """
    place, kind = Path(folder), output if output in outputs.FILES else "parquet"
    _check_taken(place)
    unfinished = place.with_name(f".{place.name}.{os.getpid()}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        write_parquet(spine, unfinished / SPINE)
        made = produce(project.settings, parts, unfinished / SPINE, unfinished, runner=chosen.runner, kind=kind)
        _write_manifest(project, service, parts, made, chosen, kind, unfinished)
        shutil.rmtree(place, ignore_errors=True)
        unfinished.rename(place)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    if output in outputs.FILES:
        return place / DATA[kind]
    return outputs.of_arrow(project, pq.read_table(place / DATA[kind]), parts, output)


def produce(
    settings: Settings, parts: Sequence[Part], spine: Path, folder: Path, *, runner: str, kind: str
) -> Produced:
    """Compute a training set, and write its data and the hashes of its rows.

    On Spark the tasks write both, a file for each stretch of the spine, and this process holds no row of the result.

    Args:
        settings: Where the lake is.
        parts: What the training set is made of.
        spine: The spine's file.
        folder: Where to write.
        runner: ``in_process`` or ``spark``.
        kind: ``parquet`` or ``delta``.
    """
    if runner == "spark" and pq.read_metadata(spine).num_rows and by_tasks.can_write(parts):
        return _by_tasks(spark_tasks(settings), settings, parts, spine, folder, kind)
    table = compute(settings, parts, pq.read_table(spine), runner)
    hashes = hash_rows(table, parts)
    if kind == "delta":
        tables.append(folder / DATA[kind], table)
    else:
        write_parquet(table, folder / DATA[kind])
    write_parquet(hashes, folder / ROWS)
    content = content_hash(table.schema, hashes.column("row").chunks)
    files = (DATA[kind],) if kind == "parquet" else ()
    return Produced(schema=table.schema, rows=table.num_rows, content=content, files=files)


def _by_tasks(
    tasks: Tasks, settings: Settings, parts: Sequence[Part], spine: Path, folder: Path, kind: str
) -> Produced:
    data = folder / DATA[kind]
    data.mkdir()
    stretches = by_tasks.write(tasks, Lake(settings.lake), parts, spine, data)
    schema = pq.read_schema(data / stretches[0].data)
    hashes = [data / stretch.hashes for stretch in stretches]
    with pq.ParquetWriter(folder / ROWS, pq.read_schema(hashes[0]), compression="zstd") as writer:
        for path in hashes:
            writer.write_table(pq.read_table(path))
    content = content_hash(
        schema, (pq.read_table(path, columns=["row"]).column("row").combine_chunks() for path in hashes)
    )
    for path in hashes:
        path.unlink()
    files = tuple(f"{DATA[kind]}/{stretch.data}" for stretch in stretches)
    if kind == "delta":
        by_tasks.commit(data, schema, stretches)
    rows = sum(stretch.rows for stretch in stretches)
    return Produced(schema=schema, rows=rows, content=content, files=files if kind == "parquet" else ())


def _write_manifest(
    project: Project,
    service: str,
    parts: Sequence[Part],
    made: Produced,
    chosen: Choice,
    kind: str,
    place: Path,
) -> None:
    lake = Lake(project.settings.lake)
    data = {
        "format": FORMAT,
        "project": project.settings.name,
        "service": service,
        "runner": chosen.runner,
        "why": chosen.why,
        "versions": versions(chosen.runner),
        "output": kind,
        "rows": made.rows,
        "columns": {field.name: str(field.type) for field in made.schema},
        "content_sha256": made.content,
        "files": {name: digest(place / name) for name in (SPINE, ROWS, *made.files)},
        "parts": parts_data(lake, parts),
        "validations": validation_data(lake, parts),
    }
    Manifest(place, data).write()


def _check_taken(folder: Path) -> None:
    """Refuse a folder that holds anything but a training set."""
    known = {*DATA.values(), SPINE, ROWS, FILE}
    if folder.exists():
        there = [found.name for found in folder.iterdir()] if folder.is_dir() else [folder.name]
        if others := sorted(name for name in there if name not in known):
            raise StoreError.folder_taken(folder, others)
