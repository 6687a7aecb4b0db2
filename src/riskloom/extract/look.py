"""Look at the files of an input, and read those that may have changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskloom.errors import ExtractError
from riskloom.extract.content import Inspection, inspect
from riskloom.extract.looks import Look
from riskloom.extract.manifest import may_continue, record_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import SparkSession

    from riskloom.declare import EventSource
    from riskloom.extract.files import InputFile
    from riskloom.extract.manifest import Manifest

    Found = list[tuple[InputFile, Look, Inspection]]
    Asked = list[tuple[InputFile, tuple[int, ...]]]

_MOST_TASKS = 64


def look_at(spark: SparkSession, source: EventSource, files: Sequence[InputFile], manifest: Manifest) -> Found:
    """Say what is in each file.

    Args:
        spark: Reads them, a task a file.
        source: Whose files.
        files: The input.
        manifest: What is known: a file that nobody touched since is not read.

    Returns:
        Each file with what the file system says of it and what is in it, in the order given.

    Raises:
        ExtractError: A file cannot be read, or changed while it was read.
    """
    looks = [_look(source, file) for file in files]
    settled = [manifest.settled(file, look) for file, look in zip(files, looks, strict=True)]
    asked = [
        (file, manifest.sizes(file, look))
        for file, look, known in zip(files, looks, settled, strict=True)
        if known is None
    ]
    read = iter(_inspect(spark, source, asked))
    seen = [known if known is not None else next(read) for known in settled]
    return _compared(spark, source, list(zip(files, looks, seen, strict=True)), manifest)


def _look(source: EventSource, file: InputFile) -> Look:
    try:
        return Look.at(file.path)
    except OSError as error:
        why = error.strerror or str(error)
    # Raised with no cause: what cannot be read is told here, and not once more as what cannot be written.
    raise ExtractError.unreadable(source.name, file.path, why)


def _inspect(spark: SparkSession, source: EventSource, asked: Asked) -> list[Inspection]:
    if not asked:
        return []
    wanted = [(str(file.path), sizes) for file, sizes in asked]
    tasks = spark.sparkContext.parallelize(wanted, min(len(wanted), _MOST_TASKS))
    found: list[Inspection] = tasks.map(lambda one: inspect(*one)).collect()
    for (file, _), seen_as in zip(asked, found, strict=True):
        if seen_as.error:
            raise ExtractError.unreadable(source.name, file.path, seen_as.error)
    return found


def _compared(spark: SparkSession, source: EventSource, found: Found, manifest: Manifest) -> Found:
    """Look whether new contents of one input continue each other, as a log and its copy from an hour ago do."""
    new = [one for one in found if not manifest.knows(one[2].file_hash)]
    records = [record_of(source.name, *one) for one in new]
    places, asked = [], []
    for place, (file, look, seen_as) in enumerate(found):
        shorter = [one for one in records if one.size < seen_as.size and may_continue(file, look, one)]
        sizes = {one.size for one in shorter} - set(seen_as.prefixes)
        if sizes and not manifest.knows(seen_as.file_hash):
            places.append(place)
            asked.append((file, tuple(sorted(sizes | set(seen_as.prefixes)))))
    compared = list(found)
    for place, again in zip(places, _inspect(spark, source, asked), strict=True):
        file, look, seen_as = found[place]
        if again.file_hash != seen_as.file_hash:
            raise ExtractError.changed_meanwhile(source.name, file.path)
        compared[place] = (file, look, again)
    return compared
