"""What several sources derive alike: networks, hours, and keys of addresses and of texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import Column

_HOUR = 3_600_000_000
_DIGITS = 16
_V4 = r"^\d{1,3}(\.\d{1,3}){3}$"
# What says no more than that a number follows, and how streets are cut short.
_FILLER = ("no", "nr", "apt", "apartment", "unit", "flat", "c", "o")
_SHORT = {
    r"\bstr\b": "strasse",
    r"\bst\b": "street",
    r"\bave\b": "avenue",
    r"\brd\b": "road",
    r"\bln\b": "lane",
    r"\bpl\b": "place",
}


def network(address: str) -> Column:
    """Give the network of an address: the first three numbers of an IPv4 address; null for others."""
    column = F.col(address)
    return F.when(column.rlike(_V4), F.concat(F.substring_index(column, ".", 3), F.lit(".0/24")))


def hour() -> Column:
    """Give the hour of an event's day, in UTC whatever the session's zone is."""
    return F.pmod(F.floor(F.unix_micros("event_ts") / _HOUR), F.lit(24)).cast("bigint")


def address_key(text: str) -> Column:
    """Give the key of a postal address: the words of it in small letters, without accents, signs and fillers, sorted.

    ``Oak Street 4, Apt 2`` and ``oak street 4 apt. 2`` have one key; null for a text without a word.
    """
    plain = F.regexp_replace(F.lower(_unaccented(F.col(text))), r"[^a-z0-9]+", " ")
    for short, whole in _SHORT.items():
        plain = F.regexp_replace(plain, short, whole)
    words = F.filter(F.split(F.trim(plain), " +"), lambda word: (word != "") & ~word.isin(*_FILLER))
    return F.when(F.size(words) > 0, F.array_join(F.array_sort(words), " "))


def text_key(text: str) -> Column:
    """Give the key of a text: its letters of any script, in small, without addresses, numbers and signs.

    Null for a text without a letter.
    """
    plain = F.regexp_replace(F.lower(F.col(text)), r"https?://\S+", "")
    letters = F.regexp_replace(plain, r"[^\p{L}]+", "")
    return F.when(letters != "", F.substring(F.sha2(letters, 256), 1, _DIGITS))


def _unaccented(column: Column) -> Column:
    return F.translate(column, "ÄÖÜäöüàáâèéêëìíîïòóôùúûñçŁłŻżŹź", "AOUaouaaaeeeeiiiiooouuuncLlZzZz")
