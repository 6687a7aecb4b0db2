"""Functions over arrays that are compiled when they are first called, and kept compiled on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar

from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def compiled(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Compile a function of numbers and NumPy arrays with Numba.

    It releases the interpreter's lock, divides as NumPy does, and checks no index: whoever calls it has.

    Args:
        function: A module's own function: a compiled one can't see what encloses it.

    Returns:
        The function, which compiles itself for the types of its first call; where that was done before, it is
        read from the cache beside the module, in the user's cache folder, or where ``NUMBA_CACHE_DIR`` says. Where
        none of them can be written, each process compiles for itself.

    Example:
        >>> import numpy as np
        >>> @compiled
        ... def largest_step(values):
        ...     widest = 0
        ...     for place in range(1, len(values)):
        ...         widest = max(widest, values[place] - values[place - 1])
        ...     return widest
        >>> largest_step(np.array([1, 4, 5]))
        3
    """
    try:
        return _compile(function, cached=True)
    except RuntimeError:  # Numba's word where it finds no folder to write to, or no file behind the function
        return _compile(function, cached=False)


def _compile(function: Callable[Arguments, Result], *, cached: bool) -> Callable[Arguments, Result]:
    made: Callable[Arguments, Result] = njit(cache=cached, nogil=True, error_model="numpy")(function)
    return made
