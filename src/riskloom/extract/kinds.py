"""Which lines of a batch are records, blank or left out, all at once; for sources whose records are single lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskloom.extract.classify import BLANK, IGNORED, decode
from riskloom.extract.formats.kernels import care
from riskloom.extract.formats.spans import bounds

if TYPE_CHECKING:
    import numpy.typing as npt

    from riskloom.extract.classify import Rules


@dataclass(slots=True)
class Sorted:
    """Lines by their kind.

    Attributes:
        texts: The lines without their carriage return.
        records: Places of records.
        others: Places of lines that are no record.
        names: Kind and rule of each of those.
        odd: Places of lines that must be looked at one by one.
    """

    texts: pa.Array
    records: npt.NDArray[np.int64]
    others: npt.NDArray[np.int64]
    names: list[tuple[str, str | None]]
    odd: npt.NDArray[np.int64]


class Kinds:
    """Tells lines apart by a source's rules."""

    def __init__(self, rules: Rules) -> None:
        """Make ready for rules."""
        self._rules = [(name, pattern, _compiles(pattern)) for name, pattern in rules.ignore.items()]
        self._heads = [head.removesuffix(b"\r") for head in rules.heads.values()] if rules.header else []

    def of(self, batch: pa.RecordBatch) -> Sorted:
        """Tell the lines of a batch apart."""
        raw = batch.column("raw")
        ended = pc.ends_with(raw, b"\r")
        texts = pc.if_else(ended, pc.binary_slice(raw, 0, -1), raw) if pc.any(ended).as_py() else raw
        plain = care.plainness(*bounds(texts))
        odd = pc.fill_null(pc.or_(pc.equal(batch.column("line_no"), 1), pc.is_valid(batch.column("failure"))), True)
        if self._heads:
            odd = pc.or_(odd, pc.is_in(texts, pa.array(self._heads, pa.binary())))
        first = odd.to_numpy(zero_copy_only=False) | (plain == care.DOUBTFUL)
        kinds: dict[int, tuple[str, str | None]] = dict.fromkeys(
            np.flatnonzero(~first & (plain == care.EMPTY)).tolist(), (BLANK, None)
        )
        open_ = ~first & (plain != care.EMPTY)
        for name, pattern, quick in self._rules:
            found = self._found(texts, pattern, open_, plain == care.ASCII if quick else np.zeros(len(plain), np.bool_))
            kinds |= dict.fromkeys(found.tolist(), (IGNORED, name))
            open_[found] = False
        others = np.array(sorted(kinds), np.int64)
        return Sorted(
            texts, np.flatnonzero(open_), others, [kinds[place] for place in others.tolist()], np.flatnonzero(first)
        )

    @staticmethod
    def _found(
        texts: pa.Array, pattern: str, among: npt.NDArray[np.bool_], quick: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.int64]:
        """Give the places of lines in which a pattern is found: by Arrow where both read it alike, else by Python."""
        fast, slow = np.flatnonzero(among & quick), np.flatnonzero(among & ~quick)
        found = np.zeros(0, np.int64)
        if len(fast):
            matches = pc.match_substring_regex(texts.take(pa.array(fast)), pattern)
            found = fast[matches.to_numpy(zero_copy_only=False)]
        compiled = re.compile(pattern)
        more = [place for place in slow.tolist() if compiled.search(decode(texts[place].as_py()))]
        return np.concatenate([found, np.array(more, np.int64)])


def _compiles(pattern: str) -> bool:
    """Say whether Arrow's expressions, which never look ahead, can say the same."""
    try:
        pc.match_substring_regex(pa.array([b""]), pattern)
    except pa.ArrowInvalid:
        return False
    return True
