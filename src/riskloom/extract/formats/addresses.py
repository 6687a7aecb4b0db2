"""Internet addresses, as logs write them, to one form each."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from riskloom.extract.formats.reading import RefusedError

if TYPE_CHECKING:
    from riskloom.extract.formats.reading import Notes

BAD_ADDRESS, IP_INT = "bad_address", "ip_int"
_UNKNOWN = frozenset({"", "-", "unknown", "null", "none", "n/a", "localhost"})
_QUAD = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?::\d{1,5})?")
_NUMBER = re.compile(r"\d{1,10}(?:\.\d+)?")
_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.%]+)\](?::\d{1,5})?")
_V4 = 1 << 32


def address(value: object, notes: Notes) -> str | None:
    """Read an address: IPv4 or IPv6, with a port, as a number, or as the list of a forwarded request.

    Leading zeros are decimal. Of a list, the left-most public address is the client's; where none is public,
    the left-most one.

    Raises:
        RefusedError: It is no address.

    Example:
        >>> from riskloom.extract.formats.reading import Notes
        >>> notes = Notes()
        >>> [address(text, notes) for text in ("::ffff:1.2.3.4", "1.2.3.4:5555", "010.001.002.003", "unknown")]
        ['1.2.3.4', '1.2.3.4', '10.1.2.3', None]
        >>> address(732758368.8, notes), notes.repairs
        ('43.173.1.96', ['ip_int'])
        >>> address("10.0.0.1, 198.51.100.7, 8.8.8.8", notes)
        '8.8.8.8'
    """
    if value is None:
        return None
    text = str(value).strip().strip('"')
    if "," in text:
        return _of_list([address(part, notes) for part in text.split(",")])
    if text.lower() in _UNKNOWN:
        return None
    quad = _QUAD.fullmatch(text)
    if quad:
        parts = [int(part) for part in quad.groups()]
        if max(parts) > 255:  # noqa: PLR2004
            raise RefusedError(BAD_ADDRESS)
        return ".".join(map(str, parts))
    if _NUMBER.fullmatch(text):
        return _of_number(text, notes)
    bracketed = _BRACKETED.fullmatch(text)
    try:
        found = ipaddress.IPv6Address(bracketed[1] if bracketed else text)
    except ValueError:
        raise RefusedError(BAD_ADDRESS) from None
    return str(found.ipv4_mapped or found)


def _of_number(text: str, notes: Notes) -> str:
    number = int(text.partition(".")[0])
    if number >= _V4:
        raise RefusedError(BAD_ADDRESS)
    notes.repaired(IP_INT)
    return str(ipaddress.IPv4Address(number))


def _of_list(found: list[str | None]) -> str | None:
    known = [one for one in found if one]
    public = [one for one in known if ipaddress.ip_address(one).is_global]
    return next(iter([*public, *known]), None)
