"""Errors of the feature server: what a caller is told, with HTTP's status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from riskloom.errors.base import RiskloomError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable


class ServeError(RiskloomError):
    """A server that cannot be started as asked."""

    @classmethod
    def no_keys(cls, host: str) -> Self:
        """Build the error for a server that everybody may reach and that asks for no key."""
        return cls(
            f"serve: {host} can be reached by others, and no API key is declared. Set RISKLOOM_API_KEYS, or give --keys FILE; "
            "without keys, serve on 127.0.0.1 alone."
        )

    @classmethod
    def bad_key(cls, place: str, why: str) -> Self:
        """Build the error for an API key that is not declared as it should be."""
        return cls(
            f"serve: {place}: {why} Write NAME=SCOPES:SECRET, such as scorer=read:SECRET or stream=read+write:SECRET."
        )

    @classmethod
    def no_key_file(cls, path: object, why: str) -> Self:
        """Build the error for a file of keys that cannot be read."""
        return cls(f"serve: the keys in {path} cannot be read: {why}.")


class RequestError(RiskloomError):
    """A request that is refused.

    Attributes:
        status: HTTP's status.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status

    @classmethod
    def unauthorized(cls, *, given: bool) -> Self:
        """Build the error for a request without a key, or with one that nobody has."""
        why = "the API key is unknown." if given else "an API key is needed."
        return cls(401, f"{why} Send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`.")

    @classmethod
    def forbidden(cls, scope: str) -> Self:
        """Build the error for a key that may not do this."""
        return cls(403, f"the API key lacks the scope {scope!r}. Use one that has it.")

    @classmethod
    def unknown_path(cls, available: Iterable[str]) -> Self:
        """Build the error for a path that does not exist."""
        return cls(404, f"there is no such path. There are: {', '.join(available)}.")

    @classmethod
    def method(cls, allowed: str) -> Self:
        """Build the error for a path that is asked by another method."""
        return cls(405, f"use {allowed}.")

    @classmethod
    def too_large(cls, limit: int) -> Self:
        """Build the error for a body that is too large."""
        return cls(413, f"the body is larger than {limit} bytes. Ask for fewer entities at a time.")

    @classmethod
    def too_slow(cls, seconds: float) -> Self:
        """Build the error for a body that does not come."""
        return cls(408, f"the body did not come within {seconds:g} s. Send it whole.")

    @classmethod
    def no_json(cls, why: str) -> Self:
        """Build the error for a body that is no JSON."""
        return cls(400, f"the body is no JSON: {why}. Send one object, as /openapi.json describes it.")

    @classmethod
    def shape(cls, why: str) -> Self:
        """Build the error for JSON that asks for nothing."""
        return cls(422, why)

    @classmethod
    def too_many(cls, what: str, count: int, limit: int) -> Self:
        """Build the error for a request that asks for too much at once."""
        return cls(422, f"{count} {what} are asked for, and at most {limit} are answered at once. Ask in parts.")

    @classmethod
    def unknown(cls, what: str, name: str, available: Iterable[str]) -> Self:
        """Build the error for a name that the registry does not hold."""
        return cls(404, f"there is no {what} {name!r}.{nearest(name, available)}")

    @classmethod
    def refused(cls, status: int, why: str) -> Self:
        """Build the error for what the store refuses, in its words."""
        return cls(status, why)

    @classmethod
    def away(cls, why: str) -> Self:
        """Build the error for a store or registry that does not answer."""
        return cls(503, why)

    @classmethod
    def failed(cls) -> Self:
        """Build the error for what nobody has foreseen."""
        return cls(500, "the request failed, and the server's log says why.")
