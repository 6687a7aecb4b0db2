"""Redaction: free text without what is personal in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskloom.extract.formats.kernels.signs import may_be_personal
from riskloom.extract.formats.spans import bounds
from riskloom.extract.pii import KINDS, SIGNS

if TYPE_CHECKING:
    import numpy.typing as npt


def redact(text: str) -> tuple[str, tuple[str, ...]]:
    """Put a typed tag in the place of each piece of personal data.

    Args:
        text: Free text.

    Returns:
        The text that may be kept, and the flags of what was in it, sorted.

    Example:
        >>> redact("call me 138-0013-8000, card 4111 1111 1111 1111, a@b.com")
        ('call me <PHONE>, card <CARD>, <EMAIL>', ('pii_card', 'pii_email', 'pii_phone'))
        >>> redact("order 4111 1111 1111 1112 at 2015-05-17 10:05:03 from 83.149.9.216")
        ('order 4111 1111 1111 1112 at 2015-05-17 10:05:03 from 83.149.9.216', ())
    """
    flags: set[str] = set()
    for kind in KINDS:
        found = [match for match in kind.compiled.finditer(text) if kind.holds(match[0])]
        if not found:
            continue
        flags.add(kind.flag)
        for match in reversed(found):
            text = f"{text[: match.start()]}{kind.tag}{text[match.end() :]}"
    return text, tuple(sorted(flags))


def suspects(values: pa.Array) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Give the texts that have a sign of personal data, the only ones that are looked at, with their places.

    Args:
        values: Strings.
    """
    if not len(values):
        return np.zeros(0, np.int64), []
    likely = np.flatnonzero(may_be_personal(*bounds(values)))
    # Texts repeat themselves, and each is looked at once.
    coded = values.take(pa.array(likely)).dictionary_encode()
    flagged = pc.match_substring_regex(coded.dictionary, SIGNS).take(coded.indices).to_numpy(zero_copy_only=False)
    chosen = coded.filter(pa.array(flagged.astype(np.bool_)))
    return likely[flagged.astype(np.bool_)], chosen.dictionary_decode().to_pylist()


def redact_column(values: pa.Array) -> tuple[pa.Array, dict[int, tuple[str, ...]]]:
    """Redact a column.

    Args:
        values: Strings.

    Returns:
        The column that may be kept, and the flags by the place of the rows that have any.

    Example:
        >>> redact_column(pa.array(["hello", None, "a@b.com"]))[0].to_pylist()
        ['hello', None, '<EMAIL>']
    """
    places, texts = suspects(values)
    done = {text: redact(text) for text in set(texts)}
    flags = {place: done[text][1] for place, text in zip(places.tolist(), texts, strict=True) if done[text][1]}
    if not flags:
        return values, {}
    mask = np.zeros(len(values), np.bool_)
    mask[list(flags)] = True
    kept = [done[text][0] for text in texts if done[text][1]]
    return pc.replace_with_mask(values, pa.array(mask), pa.array(kept, values.type)), flags
