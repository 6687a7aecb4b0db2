"""Keyed tokens: what stands in tables and stores in place of an identifier.

A token is an HMAC-SHA256 (RFC 2104) of the identifier, so that equal identifiers have equal tokens and
nobody without the key can tell which identifier a token stands for. Its text names the key:
``tok:<key id>:<32 hexadecimal digits>``.

Keys are in a ring, the oldest first, and a token of the second key is made of that of the first, and so on.
A table with tokens of an old key is therefore brought to the new one without any identifier, and a token
of the new key is found from the identifier by whoever holds the ring.
"""

from __future__ import annotations

import hmac
import importlib
import os
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from riskloom.errors import PrivacyError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

KEYS, KEYS_FILE, KEYS_FROM = VARIABLES = (
    "RISKLOOM_TOKEN_KEYS",
    "RISKLOOM_TOKEN_KEYS_FILE",
    "RISKLOOM_TOKEN_KEYS_FROM",
)
_TOKEN = re.compile(r"tok:([a-z0-9]+):[0-9a-f]{32}")
_KEY_ID = re.compile(r"[a-z0-9]{1,16}")
_DIGITS = 32
_LEAST_BYTES = 16


class SecretsBackend(Protocol):
    """What ``RISKLOOM_TOKEN_KEYS_FROM=module:function`` names: a function that fetches the keys."""

    def __call__(self) -> Mapping[str, bytes]:
        """Give the keys by their ids, the oldest first."""


@dataclass(frozen=True, slots=True)
class Ring:
    """Keys, the oldest first.

    Attributes:
        keys: Pairs of id and key.

    Example:
        >>> ring = Ring((("k1", b"a" * 16),))
        >>> ring.token("C-1042")
        'tok:k1:fbceb149b9c7fa6a4e99df59ff6a1f3b'
        >>> ring.token(ring.token("C-1042")) == ring.token("C-1042")
        True
    """

    keys: tuple[tuple[str, bytes], ...] = field(repr=False)

    @classmethod
    def of_environment(cls) -> Self | None:
        """Read the ring; None where no variable names one.

        Raises:
            PrivacyError: The keys cannot be read.
        """
        text, file, backend = (os.environ.get(name, "") for name in VARIABLES)
        if text:
            return cls(_parsed(text, KEYS))
        if file:
            try:
                return cls(_parsed(Path(file).read_text(encoding="utf-8"), KEYS_FILE))
            except OSError as error:
                raise PrivacyError.bad_keys(KEYS_FILE, f"{file} cannot be read: {error.strerror}") from error
        return cls(_fetched(backend)) if backend else None

    @classmethod
    def required(cls, what: str) -> Self:
        """Read the ring for something that cannot do without.

        Raises:
            PrivacyError: There is none, or it cannot be read.
        """
        ring = cls.of_environment()
        if ring is None:
            raise PrivacyError.no_keys(what, VARIABLES)
        return ring

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the keys, the oldest first."""
        return tuple(key_id for key_id, _ in self.keys)

    def until(self, key_id: str) -> Ring:
        """Give the ring as it was when a key was the newest.

        Raises:
            PrivacyError: There is no such key.
        """
        if key_id not in self.ids:
            raise PrivacyError.unknown_key_id(key_id, self.ids)
        return Ring(self.keys[: self.ids.index(key_id) + 1])

    def token(self, identifier: str) -> str:
        """Give the token of an identifier under the newest key; one of an older key is brought to the newest.

        Raises:
            PrivacyError: The identifier is a token of a key that is not in the ring.
        """
        known = key_of(identifier)
        if known is None:
            return self._on(identifier, 0)
        if known not in self.ids:
            raise PrivacyError.unknown_key_id(known, self.ids)
        return self._on(identifier, self.ids.index(known) + 1)

    def _on(self, text: str, first: int) -> str:
        for key_id, key in self.keys[first:]:
            digest = hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256")
            text = f"tok:{key_id}:{digest.hex()[:_DIGITS]}"
        return text

    def column(self, values: pa.ChunkedArray) -> pa.ChunkedArray:
        """Give the tokens of a column; null stays null, and each distinct value is hashed once.

        Args:
            values: Strings.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        coded = whole if isinstance(whole, pa.DictionaryArray) else pc.dictionary_encode(whole)
        made = [None if value is None else self.token(value) for value in coded.dictionary.to_pylist()]
        return pa.chunked_array([pa.array(made, pa.string()).take(coded.indices)])


def key_of(text: str) -> str | None:
    """Give the id of the key that made a token; None for what is no token.

    Example:
        >>> key_of("tok:k1:f7d6b4e8a51cd8f7e1ef13fa0a6b9a15"), key_of("C-1042")
        ('k1', None)
    """
    found = _TOKEN.fullmatch(text)
    return found[1] if found else None


def _parsed(text: str, place: str) -> tuple[tuple[str, bytes], ...]:
    pairs: dict[str, bytes] = {}
    for part in text.replace("\n", ",").split(","):
        if not part.strip():
            continue
        key_id, _, digits = part.strip().partition(":")
        try:
            key = bytes.fromhex(digits)
        except ValueError:
            raise PrivacyError.bad_keys(place, f"key {len(pairs) + 1} is not hexadecimal") from None
        if key_id in pairs:
            raise PrivacyError.bad_keys(place, f"the id {key_id!r} comes twice")
        pairs[key_id] = key
    return _checked(pairs, place)


def _checked(pairs: Mapping[str, bytes], place: str) -> tuple[tuple[str, bytes], ...]:
    if not pairs:
        raise PrivacyError.bad_keys(place, "it holds no key")
    for number, (key_id, key) in enumerate(pairs.items(), start=1):
        if not _KEY_ID.fullmatch(key_id):
            raise PrivacyError.bad_keys(place, f"the id of key {number} is not 1 to 16 lower-case letters and digits")
        if len(key) < _LEAST_BYTES:
            raise PrivacyError.bad_keys(place, f"key {key_id!r} has {len(key)} bytes, fewer than {_LEAST_BYTES}")
    return tuple(pairs.items())


@lru_cache(maxsize=4)
def _fetched(reference: str) -> tuple[tuple[str, bytes], ...]:
    """Call a secrets backend, once for each process."""
    module, _, name = reference.partition(":")
    try:
        backend: SecretsBackend = getattr(importlib.import_module(module), name)
        pairs = backend()
    except Exception as error:
        why = f"{reference} failed: {type(error).__name__}"
        raise PrivacyError.bad_keys(KEYS_FROM, why) from error
    return _checked(pairs, KEYS_FROM)


def named(columns: Sequence[str], tokens: Sequence[str]) -> tuple[str, ...]:
    """Give those of some columns that hold tokens, in their order."""
    return tuple(column for column in columns if column in tokens)
