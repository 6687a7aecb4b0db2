"""A run's staging folder: its own, and gone once a later run finds that nobody uses it."""

from __future__ import annotations

import fcntl
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskloom.errors import LakeError

if TYPE_CHECKING:
    from pathlib import Path

_LOCK = "lock"
# How the folder of a purge begins, beside which nothing is staged.
PURGE = "purge-"
# Held as long as the process lives, so that a killed run's folder is free at once.
_HELD: dict[Path, int] = {}


@dataclass(frozen=True, slots=True)
class Staging:
    """Where one run stages one source.

    Attributes:
        folder: The run's folder below the source's staging folder.
    """

    folder: Path

    @property
    def events(self) -> Path:
        """Parquet of the events."""
        return self.folder / "events"

    @property
    def versions(self) -> Path:
        """Parquet of bodies of the same events that a later one of the input stands for."""
        return self.folder / "versions"

    @property
    def rejects(self) -> Path:
        """Parquet of the rejects."""
        return self.folder / "rejects"

    @property
    def decoded(self) -> Path:
        """Parquet of what a format's lines became."""
        return self.folder / "decoded"

    @property
    def scope(self) -> Path:
        """Parquet of the places that staged rows stand for, where those are not whole files."""
        return self.folder / "scope"


def enter(source_folder: Path, run_id: str) -> Staging:
    """Make a run's staging folder, and remove those of runs that ended.

    Args:
        source_folder: The source's staging folder.
        run_id: The run.

    Raises:
        LakeError: The source is being purged.
    """
    source_folder.mkdir(parents=True, exist_ok=True)
    for other in source_folder.iterdir():
        if other.name == run_id or not other.is_dir():
            continue
        if _lock(other):
            shutil.rmtree(other, ignore_errors=True)
            leave(Staging(other))
        elif other.name.startswith(PURGE):
            raise LakeError.being_purged(source_folder.name)
    mine = Staging(source_folder / run_id)
    mine.folder.mkdir(exist_ok=True)
    _lock(mine.folder)
    return mine


def leave(staging: Staging) -> None:
    """Let a later run remove the folder."""
    held = _HELD.pop(staging.folder, None)
    if held is not None:
        os.close(held)


def _lock(folder: Path) -> bool:
    if folder in _HELD:
        return False
    try:
        handle = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return False
    _HELD[folder] = handle
    return True
