"""JSON to the letter of RFC 8259, with what its objects say twice."""

from __future__ import annotations

import json
from typing import Any, NoReturn

MOST_DEPTH = 500


class Number(str):
    """A number as it is written, so that no digit is lost before its column's type is known."""

    __slots__ = ()


class Object(dict[str, Any]):
    """A JSON object; the last of two equal keys stands.

    Attributes:
        repeated: Keys that come more than once, and whether their values differ.
    """

    __slots__ = ("repeated",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeated: dict[str, bool] = {}
        if len(self) != len(pairs):
            seen: dict[str, Any] = {}
            for key, value in pairs:
                if key in seen:
                    self.repeated[key] = self.repeated.get(key, False) or seen[key] != value
                seen[key] = value


def _refuse(constant: str) -> NoReturn:
    message = f"{constant} is no JSON"
    raise ValueError(message)


_DECODER = json.JSONDecoder(object_pairs_hook=Object, parse_constant=_refuse, parse_int=Number, parse_float=Number)
_LOOSE = json.JSONDecoder(object_pairs_hook=Object, parse_int=Number, parse_float=Number)


def decode(data: bytes | str) -> Any:
    r"""Decode a text strictly.

    Args:
        data: UTF-8 bytes, or text.

    Raises:
        ValueError: It is no JSON: also where it says NaN, is no UTF-8 or is nested without bounds.

    Example:
        >>> decode(b'{"a": [1, "\\u00e9"]}')
        {'a': ['1', 'é']}
        >>> decode('{"a": NaN}')
        Traceback (most recent call last):
        ValueError: NaN is no JSON
    """
    text = data.decode() if isinstance(data, bytes) else data
    return _bounded(_DECODER, text)


def decode_constants(text: str) -> Any:
    """Decode a text that may say NaN and Infinity where it should have numbers.

    Raises:
        ValueError: It is no JSON apart from that.
    """
    return _bounded(_LOOSE, text)


def decode_first(text: str, start: int) -> tuple[Any, int]:
    """Decode the value that begins at a place, and say where it ends.

    Raises:
        ValueError: None begins there.
    """
    try:
        return _DECODER.raw_decode(text, start)
    except RecursionError:
        raise ValueError(_DEEP) from None


_DEEP = "it is nested too deeply"


def _bounded(decoder: json.JSONDecoder, text: str) -> Any:
    try:
        return decoder.decode(text)
    except RecursionError:
        raise ValueError(_DEEP) from None
