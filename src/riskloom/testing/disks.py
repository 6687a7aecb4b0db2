"""Small disks for tests of full ones: file systems in memory, which only root may mount."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class SmallDisk:
    """A disk of so many bytes and no more.

    Args:
        folder: Where it is mounted.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def grow(self, size: str) -> None:
        """Give it more room.

        Args:
            size: As ``mount`` takes it, such as ``64m``.
        """
        _call("mount", "-o", f"remount,size={size}", str(self.folder))


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[SmallDisk]:
    """Mount a small disk, and take it away in the end.

    Args:
        folder: Where; it is made.
        size: As ``mount`` takes it, such as ``400k``.

    Raises:
        PermissionError: Whoever runs this may not mount one, or the system has no ``mount``.
    """
    folder.mkdir(parents=True)
    if os.geteuid():
        message = "a small disk needs root and mount"
        raise PermissionError(message)
    _call("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        yield SmallDisk(folder)
    finally:
        _call("umount", "-l", str(folder))


def _call(program: str, *arguments: str) -> None:
    place = shutil.which(program)
    if place is None or subprocess.run([place, *arguments], check=False).returncode:  # noqa: S603 - of a test
        message = f"a small disk needs root and {program}"
        raise PermissionError(message)
