"""How entities are written: numbers that tell nothing of who has them.

Inside, an entity is a number. Entities of scenarios have numbers of their own, from ``foreign``; written out, all look
alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate.streams import mix, words

if TYPE_CHECKING:
    from demo.simulate.streams import Ints

_SCENARIO_SHIFT = 48


def foreign(code: int, number: Ints) -> Ints:
    """Give the numbers of entities that a scenario brings with it."""
    return (np.int64(code) << np.int64(_SCENARIO_SHIFT)) + np.asarray(number, dtype=np.int64)


def written(letter: str, numbers: Ints) -> list[str | None]:
    """Write entities: a letter and ten hexadecimal digits; none for a negative number.

    Example:
        >>> written("u", np.array([1, -1]))
        ['u17b1332cd9', None]
    """
    scattered = (mix(words(numbers) + np.uint64(ord(letter))) >> np.uint64(24)).tolist()
    kinds = np.asarray(numbers).tolist()
    return [f"{letter}{value:010x}" if kind >= 0 else None for value, kind in zip(scattered, kinds, strict=True)]
