from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskloom.extract.formats.kernels.signs import may_be_personal
from riskloom.extract.formats.spans import bounds
from riskloom.extract.pii import SIGNS
from riskloom.extract.redact import redact, redact_column

PIECES = [
    *("0", "1", "7", "42", " ", "  ", ".", "-", "(", ")", "+", "@", "%40", "A", "B", "AB", "GB", "X", "a", "x", "box"),
    *("BOX", "PO Box", "straße", "weg", "gasse", "platz", "str.", " bis", " ter", ",", "路", "号", "é", "\u0663"),
    *("street", "Rue", "\n", "\t", "\u2014", "\u00b2"),
]


def test_no_text_with_a_sign_of_personal_data_is_passed_over():
    chance = random.Random(1)
    texts = ["".join(chance.choice(PIECES) for _ in range(chance.randrange(14))) for _ in range(30_000)]
    column = pa.array([*texts, None, ""])
    likely = may_be_personal(*bounds(column))
    signs = pc.fill_null(pc.match_substring_regex(column, SIGNS), False).to_numpy(zero_copy_only=False)
    assert not np.any(signs & ~likely)
    # Few others go on to the slower look.
    assert signs.sum() > 5_000
    assert (likely & ~signs).sum() < signs.sum() // 4
    kept, flags = redact_column(column)
    wanted = [redact(text) if sign else (text, ()) for text, sign in zip(column.to_pylist(), signs, strict=True)]
    assert kept.to_pylist() == [text for text, _ in wanted]
    assert flags == {place: found for place, (_, found) in enumerate(wanted) if found}
