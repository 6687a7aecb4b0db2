"""API keys with scopes, compared in constant time; secrets are kept as their digests alone."""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from riskloom.errors import RequestError, ServeError

if TYPE_CHECKING:
    from collections.abc import Iterable

VARIABLE = "RISKLOOM_API_KEYS"
READ, WRITE = SCOPES = ("read", "write")
_BEARER = b"bearer "
_LEAST = 16


@dataclass(frozen=True, slots=True)
class Key:
    """An API key.

    Attributes:
        name: Whose it is, for the log.
        scopes: What it may do.
        digest: SHA-256 of the secret.
    """

    name: str
    scopes: frozenset[str]
    digest: bytes


class Keys:
    """The keys that a server knows.

    Args:
        keys: None for a server that asks for none.

    Example:
        >>> keys = Keys([parse("scorer=read:0123456789abcdef", "here")])
        >>> keys.check(b"Bearer 0123456789abcdef", None, "read").name
        'scorer'
    """

    def __init__(self, keys: Iterable[Key]) -> None:
        self._keys = tuple(keys)

    def __bool__(self) -> bool:
        return bool(self._keys)

    @classmethod
    def load(cls, file: str) -> Keys:
        """Read keys from the environment and from a file, one a line.

        Raises:
            ServeError: The file cannot be read, or a key is not as it should be.
        """
        found = [(entry, VARIABLE) for entry in os.environ.get(VARIABLE, "").split(",")]
        if file:
            try:
                lines = Path(file).read_text(encoding="utf-8").splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise ServeError.no_key_file(file, getattr(error, "strerror", None) or str(error)) from error
            found += [(line, f"{file}, line {number}") for number, line in enumerate(lines, 1)]
        return cls(parse(entry.strip(), place) for entry, place in found if entry.strip()[:1] not in ("", "#"))

    def check(self, authorization: bytes | None, api_key: bytes | None, scope: str) -> Key | None:
        """Give the key of a request; None where the server asks for none.

        Args:
            authorization: Header of that name.
            api_key: Header ``x-api-key``.
            scope: What the request needs.

        Raises:
            RequestError: The key is missing, unknown, or lacks the scope.
        """
        if not self._keys:
            return None
        secret = api_key
        if authorization is not None and authorization[: len(_BEARER)].lower() == _BEARER:
            secret = authorization[len(_BEARER) :].strip()
        digest = hashlib.sha256(secret or b"").digest()
        found = None
        # Every key is compared, whichever it is.
        for key in self._keys:
            if hmac.compare_digest(key.digest, digest):
                found = key
        if found is None:
            raise RequestError.unauthorized(given=secret is not None)
        if scope not in found.scopes:
            raise RequestError.forbidden(scope)
        return found


def parse(entry: str, place: str) -> Key:
    """Read one key.

    Args:
        entry: ``NAME=SCOPES:SECRET``.
        place: Where it stands, for errors.

    Raises:
        ServeError: It is not written so; the secret is not told.
    """
    name, equals, rest = entry.partition("=")
    scopes, colon, secret = rest.partition(":")
    if not (name and equals and colon):
        raise ServeError.bad_key(place, "a key is not written as it should be.")
    wanted = frozenset(scopes.split("+"))
    if not wanted <= set(SCOPES):
        raise ServeError.bad_key(place, f"the key {name!r} has a scope beside {' and '.join(SCOPES)}.")
    if len(secret) < _LEAST:
        raise ServeError.bad_key(place, f"the secret of {name!r} is shorter than {_LEAST} characters.")
    return Key(name, wanted, hashlib.sha256(secret.encode()).digest())
