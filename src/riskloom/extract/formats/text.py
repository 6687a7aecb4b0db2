r"""A record's bytes to clean text.

Bytes are UTF-8 where they can be, else Latin-1; text that was decoded twice is set right; what has no place in a
log line goes: NULs, colour codes, marks that are not seen.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from riskloom.extract.formats.reading import Notes

LATIN1, MOJIBAKE, CONTROL = "latin1_fallback", "mojibake", "control_chars"
# Colour codes; then control characters other than tab and newlines, zero-width signs, marks of direction.
_ANSI = r"\x1b\[[0-?]*[ -/]*[@-~]"
_INVISIBLE = (
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"
    "\u00ad\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)
_UNSEEN = re.compile(f"{_ANSI}|{_INVISIBLE}")
# The two signs that a letter of two bytes becomes when its UTF-8 is read as Windows-1252, beside a small letter.
_TWO = re.compile(
    "[\u00c3-\u00c5][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2010-\u203a\u20ac\u2122]"
)
_THREE = re.compile(
    "\u00e2(?:[\u20ac\u0080][\u0080-\u00bf\u0152\u0153\u0161\u0178\u017e\u02c6\u02dc\u2018-\u203a\u2122]|\u201a\u00ac)"
)
_FOUR = re.compile(
    "\u00f0[\u0178\u009f][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2010-\u203a\u20ac\u2122]{2}"
)
_SUSPECT = re.compile("[\u00c2-\u00c5\u00e2\u00f0]")
_UNDEFINED = {0x81, 0x8D, 0x8F, 0x90, 0x9D}


def _as_latin1(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)  # noqa: S101 - decoding raises no other
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("riskloom.latin1", _as_latin1)


def decoded(raw: bytes, notes: Notes) -> str:
    r"""Decode bytes: UTF-8, and Latin-1 for each byte that is none.

    Example:
        >>> from riskloom.extract.formats.reading import Notes
        >>> decoded(b"caf\xe9 \xc3\xa9", Notes())
        'café é'
    """
    try:
        return raw.decode()
    except UnicodeDecodeError:
        notes.repaired(LATIN1)
        return raw.decode(errors="riskloom.latin1")


def cleaned(text: str, notes: Notes) -> str:
    r"""Take out what is not seen, and set right what was decoded twice.

    Example:
        >>> from riskloom.extract.formats.reading import Notes
        >>> notes = Notes()
        >>> cleaned("Fran\xc3\xa7ois\x00 \x1b[31mred\x1b[0m", notes), notes.repairs
        ('François red', ['control_chars', 'mojibake'])
        >>> cleaned("AH\xc5\u2122, the new sofa", notes)
        'AHÅ™, the new sofa'
    """
    if text.isascii() and text.isprintable():
        return text
    if _UNSEEN.search(text):
        # What looks like a control character may be the second half of a letter that was decoded twice.
        text = _undone(text, notes)
        stripped = _UNSEEN.sub("", text)
        if stripped != text:
            notes.repairs.insert(0, CONTROL) if CONTROL not in notes.repairs else None
        text = stripped
    return _undone(text, notes)


def _undone(text: str, notes: Notes) -> str:
    if not _SUSPECT.search(text):
        return text
    done = text
    for pattern in (_FOUR, _THREE, _TWO):
        done = pattern.sub(_once, done)
    # Where a text was decoded twice, all of its letters were: one that was not speaks against the rest.
    lost = sum(not sign.isascii() for sign in text) - sum(not sign.isascii() for sign in done)
    if done == text or len(text) - len(done) != lost or _left_alone(text, done):
        return text
    notes.repaired(MOJIBAKE)
    return done


def _left_alone(text: str, done: str) -> bool:
    """Say whether a sign other than ASCII stands in both texts, so that it was no half of a letter."""
    kept = {sign for sign in text if not sign.isascii()}
    return any(sign in kept for sign in done if not sign.isascii())


def _once(found: re.Match[str]) -> str:
    signs, text = found[0], found.string
    try:
        letters = b"".join(_byte(sign) for sign in signs).decode()
    except UnicodeError:
        return signs
    if len(signs) > 2:  # noqa: PLR2004 - three and four signs in a row mean nothing else
        return letters
    before, after = text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1]
    return letters if letters.islower() and (before.islower() or after.islower()) else signs


def _byte(sign: str) -> bytes:
    code = ord(sign)
    return bytes([code]) if code in _UNDEFINED or code < 0x80 or 0xA0 <= code <= 0xFF else sign.encode("cp1252")  # noqa: PLR2004
