"""Training sets that are kept: data, spine, a hash a row, and the manifest that gives them again."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from riskloom.errors import StoreError
from riskloom.lake import tables
from riskloom.lake.paths import Lake
from riskloom.store import outputs
from riskloom.store.manifest import FILE, FORMAT, ROWS, SPINE, Manifest, digest, parts_data, validation_data, versions
from riskloom.store.row_hash import content_hash, row_hashes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskloom.project import Project
    from riskloom.store.parts import Part
    from riskloom.store.size import Choice

DATA = {"delta": "training_set", "parquet": "training_set.parquet"}
PART_BYTES = 8


def keep(
    project: Project,
    service: str,
    parts: Sequence[Part],
    tables_: tuple[pa.Table, pa.Table],
    chosen: Choice,
    *,
    output: str,
    folder: Path | str,
) -> Any:  # noqa: ANN401 - as asked for
    """Write a training set to a folder, and give it as asked for.

    Args:
        project: The project.
        service: Name of the service.
        parts: What the training set is made of.
        tables_: The spine and the training set.
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
        _write(project, service, parts, tables_, chosen, kind, unfinished)
        shutil.rmtree(place, ignore_errors=True)
        unfinished.rename(place)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return place / DATA[kind] if output in outputs.FILES else outputs.of_arrow(project, tables_[1], parts, output)


def _write(
    project: Project,
    service: str,
    parts: Sequence[Part],
    tables_: tuple[pa.Table, pa.Table],
    chosen: Choice,
    kind: str,
    place: Path,
) -> None:
    (spine, table), lake = tables_, Lake(project.settings.lake)
    hashes = hash_rows(table, parts)
    write_data(table, place / DATA[kind], kind)
    write_parquet(spine, place / SPINE)
    write_parquet(hashes, place / ROWS)
    named = [SPINE, ROWS, *([DATA[kind]] if kind == "parquet" else [])]
    data = {
        "format": FORMAT,
        "project": project.settings.name,
        "service": service,
        "runner": chosen.runner,
        "why": chosen.why,
        "versions": versions(chosen.runner),
        "output": kind,
        "rows": table.num_rows,
        "columns": {field.name: str(field.type) for field in table.schema},
        "content_sha256": content_hash(table, hashes.column("row")),
        "files": {name: digest(place / name) for name in named},
        "parts": parts_data(lake, parts),
        "validations": validation_data(lake, parts),
    }
    Manifest(place, data).write()


def hash_rows(table: pa.Table, parts: Sequence[Part]) -> pa.Table:
    """Hash each row, and what each part gave to it.

    Returns:
        ``row``, then ``part_<n>`` for each part, one row a row of the training set.
    """
    columns = {f"part_{place}": row_hashes(table, list(part.features), PART_BYTES) for place, part in enumerate(parts)}
    return pa.table({"row": row_hashes(table), **columns})


def write_data(table: pa.Table, path: Path, kind: str) -> None:
    """Write a training set as a Parquet file or as a Delta table."""
    if kind == "delta":
        tables.append(path, table)
    else:
        write_parquet(table, path)


def as_kept(table: pa.Table) -> pa.Table:
    """Give a table as its Parquet file will: Parquet has no seconds, for one."""
    written = pa.BufferOutputStream()
    write_parquet(table, written)
    return pq.read_table(pa.BufferReader(written.getvalue()))


def write_parquet(table: pa.Table, where: Path | pa.NativeFile) -> None:
    """Write a Parquet file whose bytes follow from the table's values alone.

    How a table was put together shows in its chunks and in its metadata, so neither is written.
    """
    plain = table.replace_schema_metadata(None).combine_chunks()
    pq.write_table(plain, where, compression="zstd", store_schema=True)


def _check_taken(folder: Path) -> None:
    """Refuse a folder that holds anything but a training set."""
    known = {*DATA.values(), SPINE, ROWS, FILE}
    if folder.exists():
        there = [found.name for found in folder.iterdir()] if folder.is_dir() else [folder.name]
        if others := sorted(name for name in there if name not in known):
            raise StoreError.folder_taken(folder, others)
