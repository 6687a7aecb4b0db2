"""Where the tasks of a native job run: in this process, or wherever an executor of the same shape puts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

Item = TypeVar("Item")
Result = TypeVar("Result")


class Tasks(Protocol):
    """Runs functions over items. A task may run more than once; the result of one successful attempt counts."""

    def map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Call a function for each item.

        Returns:
            The results, in the order of the items.
        """

    def regroup(
        self,
        split: Callable[[Item], Iterable[tuple[int, bytes]]],
        items: Sequence[Item],
        gather: Callable[[int, Iterable[bytes]], Result],
        root: Path,
    ) -> list[Result]:
        """Cut each item into numbered pieces, then bring the pieces of each number together.

        Args:
            split: Gives the pieces of an item, each with its group's number.
            items: The items.
            gather: Called once for each group that has pieces.
            root: Folder of a table that all workers see; where pieces have to be written, it is below it.

        Returns:
            The results of ``gather``, in the order of the groups.
        """


class InProcess:
    r"""Runs each task in this process.

    Example:
        >>> from pathlib import Path
        >>> InProcess().map(abs, [-1, 2])
        [1, 2]
        >>> root = Path("table")
        >>> InProcess().regroup(lambda n: [(n % 2, bytes([n]))], [3, 4, 5], lambda n, pieces: (n, list(pieces)), root)
        [(0, [b'\x04']), (1, [b'\x03', b'\x05'])]
    """

    def map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Call a function for each item."""
        return [function(item) for item in items]

    def regroup(
        self,
        split: Callable[[Item], Iterable[tuple[int, bytes]]],
        items: Sequence[Item],
        gather: Callable[[int, Iterable[bytes]], Result],
        root: Path,  # noqa: ARG002 - pieces stay in memory
    ) -> list[Result]:
        """Cut each item into pieces, then bring the pieces of each group together."""
        pieces: dict[int, list[bytes]] = {}
        for item in items:
            for group, piece in split(item):
                pieces.setdefault(group, []).append(piece)
        return [gather(group, pieces[group]) for group in sorted(pieces)]
