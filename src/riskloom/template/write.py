"""Write the starter project of ``riskloom init``."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from riskloom.errors import ProjectError

if TYPE_CHECKING:
    from pathlib import Path

# The files carry this ending in the package, so that no tool takes them for modules of the library.
_ENDING = ".txt"


def write_project(folder: Path) -> list[Path]:
    """Write a project that runs as it is.

    Args:
        folder: A new or empty folder.

    Returns:
        The files written, relative to the folder, sorted.

    Raises:
        ProjectError: The folder holds something, or cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ProjectError.init_target_not_empty(folder)
    written = []
    with as_file(files("riskloom.template") / "project") as origin:
        for path in sorted(found for found in origin.rglob(f"*{_ENDING}") if found.is_file()):
            relative = path.relative_to(origin)
            target = folder / relative.with_name(relative.name.removesuffix(_ENDING))
            _write(target, path.read_bytes())
            written.append(target.relative_to(folder))
    return written


def _write(target: Path, content: bytes) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    except OSError as error:
        raise ProjectError.cannot_write(target, error.strerror) from error
