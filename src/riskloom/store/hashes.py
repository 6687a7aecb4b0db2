"""64-bit hashes of values and of event ids, the same wherever they are computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pandas.util import hash_array

if TYPE_CHECKING:
    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]


def hash_values(values: pa.Array | pa.ChunkedArray) -> Hashes:
    """Hash a column: pandas' SipHash of text, and its mix of a number's eight bytes.

    Args:
        values: Values of a declared type. A null and a NaN have a hash that nobody asks for.

    Returns:
        One hash a value; both zeros have one and the same.

    Example:
        >>> bool(hash_values(pa.array(["a", "b"]))[1] == hash_values(pa.array(["b"]))[0])
        True
    """
    whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if pa.types.is_floating(whole.type):
        plain: Hashes = hash_array(whole.fill_null(0.0).to_numpy(zero_copy_only=False) + 0.0)
        return plain
    if not pa.types.is_string(whole.type):
        numbers: Hashes = hash_array(whole.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False))
        return numbers
    if not len(whole):
        return np.zeros(0, np.uint64)
    coded = whole.fill_null("").dictionary_encode()
    texts = np.array(coded.dictionary.to_pylist(), object)
    hashes: Hashes = hash_array(texts, categorize=False)
    taken: Hashes = hashes[coded.indices.to_numpy(zero_copy_only=False)]
    return taken


def hash_id(event_id: str) -> int:
    """Hash the id of one event, as ``hash_values`` does."""
    return int(hash_array(np.array([event_id], object), categorize=False)[0])
