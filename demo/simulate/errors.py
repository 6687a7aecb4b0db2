"""What is said, on one line, when a simulation cannot be made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path


class SimulationError(Exception):
    """A simulation that cannot be made as it was asked for."""

    @classmethod
    def unknown_scale(cls, name: str, known: list[str]) -> Self:
        """A scale that is not there."""
        return cls(f"unknown scale {name!r}. Known: {', '.join(known)}; M/10 is a tenth of M.")

    @classmethod
    def unknown_scenario(cls, name: str, known: list[str]) -> Self:
        """A scenario that is not there."""
        return cls(f"unknown scenario {name!r}. Known: all, none, {', '.join(known)}.")

    @classmethod
    def seed_is_no_integer(cls, text: str) -> Self:
        """A seed that is no whole number."""
        return cls(f"seed {text!r} is no integer. Give a whole number, such as --seed 7.")

    @classmethod
    def folder_not_empty(cls, folder: Path) -> Self:
        """A folder that already holds something."""
        return cls(
            f"folder {folder} is not empty. Give a new one, or empty it: a simulation is never mixed with another."
        )

    @classmethod
    def not_a_folder(cls, path: Path) -> Self:
        """A path at which something else stands."""
        return cls(f"{path} is no folder. Give the path of a new or an empty folder.")

    @classmethod
    def cannot_write(cls, path: Path, why: str) -> Self:
        """A file that cannot be written: a full disk, a missing right."""
        return cls(
            f"cannot write {path}: {why}. What is there already is incomplete; remove it and give another folder."
        )

    @classmethod
    def not_a_simulation(cls, folder: Path) -> Self:
        """A folder that no simulation was written to, or not to its end."""
        return cls(
            f"folder {folder} holds no finished simulation. Make one with: python -m demo.simulate --out {folder}"
        )
