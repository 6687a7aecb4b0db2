"""Redaction: free text without what is personal in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from riskloom.extract.pii import KINDS, SIGNS

if TYPE_CHECKING:
    from collections.abc import Sequence


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


def suspects(values: pa.Array) -> Sequence[int]:
    """Give the places of the texts that have a sign of personal data: the only ones that are looked at.

    Args:
        values: Strings.
    """
    flagged = pc.fill_null(pc.match_substring_regex(values, SIGNS), False)
    places: list[int] = pc.indices_nonzero(flagged).to_pylist()
    return places


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
    places = suspects(values)
    if not places:
        return values, {}
    whole = values.to_pylist()
    flags = {}
    for place in places:
        whole[place], found = redact(whole[place])
        if found:
            flags[place] = found
    return pa.array(whole, values.type), flags
