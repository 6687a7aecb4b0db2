r"""Personal data in free text: what it looks like, and the tag that stands in its place.

Numbers count as somebody's only where their own check digits hold: cards by Luhn (ISO/IEC 7812), IBANs by
ISO 13616, the identity numbers of China (GB 11643), India (Verhoeff), Spain, Brazil and France by their own rules.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def _any_of(patterns: Sequence[str]) -> str:
    return "|".join(patterns)


_EMAIL = r"[\w.%+'-]{1,64}(?:@|%40)(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}"
_IBAN = r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"
_CARD = r"(?<![\d.])[2-6](?:[ -]?\d){12,18}(?![\d.]*\d)"
_NATIONAL = _any_of(
    (
        r"(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])",  # United States
        r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b",  # United Kingdom
        r"\b[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b",  # Italy
        r"\b[A-Z]{3}[ABCFGHLJPT][A-Z]\d{4}[A-Z]\b",  # India, tax
    )
)
_CHECKED_NATIONAL = _any_of(
    (
        r"(?<!\d)[1-9]\d{16}[\dXx](?![\dA-Za-z])",  # China
        r"(?<!\d)[2-9]\d{3}[ -]?\d{4}[ -]?\d{4}(?!\d)",  # India
        r"\b(?:\d{8}|[XYZ]\d{7})-?[A-HJ-NP-TV-Z]\b",  # Spain
        r"(?<!\d)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)",  # Brazil
        r"(?<!\d)[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?\d{2} ?\d{3} ?\d{3} ?\d{2}(?!\d)",  # France
    )
)
_PHONE = _any_of(
    (
        r"(?<![\w+])\+\d{1,3}(?:[ .-]?\(?\d{1,4}\)?){2,5}(?!\d)",  # with the country's code
        r"(?<!\d)00[1-9]\d{0,2}(?:[ .-]\d{2,4}){2,4}(?!\d)",
        r"(?<![\d.-])1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![\d.-]*\d)",  # China, mobile
        r"(?<![\w.-])(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])[2-9]\d{2}[ .-]\d{4}(?![\d.-]*\d)",  # North America
        r"(?<![\w.-])\(?0\d{1,4}\)?[ /-]\d{3,4}[ -]?\d{3,4}(?![\d.-]*\d)",  # a trunk prefix, then the subscriber
        r"(?<![\w.-])0[1-9](?:[ .]\d{2}){4}(?!\d)",  # France
        r"(?<![\w.-])07\d{3} ?\d{6}(?!\d)",  # United Kingdom, mobile
    )
)
_WORD = r"[^\W\d_][\w'.-]*"
_ENGLISH = (
    r"(?:(?i:street|avenue|road|boulevard|blvd|lane|highway|hwy|parkway|pkwy|crescent)|"
    r"St|Ave|Rd|Ln|Drive|Dr|Court|Ct|Square|Sq|Place|Pl|Terrace|Close|Way)"
)
_ENGLISH_ADDRESS = (
    rf"\b\d{{1,6}}[A-Za-z]?,? +(?:{_WORD} +){{1,4}}?{_ENGLISH}\b\.?(?:,? +(?i:apt|suite|unit|flat|#)\.? *\w+)?"
    rf"(?:, *{_WORD}(?: {_WORD})?)?(?:,? +[A-Z]{{2}} +\d{{5}}(?:-\d{{4}})?)?"
)
_GERMAN = r"(?:straße|strasse|str\.|weg|platz|allee|gasse)"
_ADDRESS = _any_of(
    (
        _ENGLISH_ADDRESS,
        r"\b(?i:p\.? ?o\.? ?box) +\d+",
        rf"\b[^\W\d_][\w.-]*{_GERMAN} +\d{{1,4}} ?[a-z]?\b(?:, *\d{{5}} +{_WORD})?",
        rf"\b\d{{1,4}}(?: bis| ter)?,? +(?i:rue|avenue|boulevard|place|chemin|impasse|allée|quai)(?: +{_WORD}){{1,5}}",
        r"[\u4e00-\u9fff]{2,}(?:省|市|区|县)[\u4e00-\u9fff]{1,}(?:路|街|道|巷)\d+号(?:[\d\u4e00-\u9fff]*室)?",
    )
)
# Each thing that is looked for has one of these signs; a text without them is left alone.
SIGNS = _any_of(
    (
        r"@|%40|(?:\d[^\pL\pN]{0,3}){6}\d",
        r"[A-Za-z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]|[A-Z]{2}\d{2} ?[A-Z0-9]{4}|[A-Z]{5}\d{4}[A-Z]",
        r"[A-Z]{6}\d{2}[A-Z]\d{2}",
        r"\d[A-Za-z]?(?: bis| ter)?,? +\pL|(?i:box) +\d",
        rf"{_GERMAN} +\d|(?:路|街|道|巷)\d+号",
    )
)


def _always(_: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of personal data.

    Attributes:
        tag: What stands in its place.
        flag: What marks an event that held it.
        pattern: What it looks like.
        holds: Whether a text that looks like it is it.
    """

    tag: str
    flag: str
    pattern: str
    holds: Callable[[str], bool] = _always

    @property
    def compiled(self) -> re.Pattern[str]:
        """The pattern, ready to search."""
        return _compiled(self.pattern)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def luhn(text: str) -> bool:
    """Check the last digit of a card number.

    Example:
        >>> luhn("4111 1111 1111 1111"), luhn("4111 1111 1111 1112")
        (True, False)
    """
    digits = _digits(text)
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return len(set(digits)) > 1 and (sum(digits[::-2]) + sum(doubled)) % 10 == 0


def iban(text: str) -> bool:
    """Check the two digits of an IBAN.

    Example:
        >>> iban("GB82 WEST 1234 5698 7654 32"), iban("GB82 WEST 1234 5698 7654 33")
        (True, False)
    """
    compact = text.replace(" ", "")
    return int("".join(str(int(sign, 36)) for sign in compact[4:] + compact[:4])) % 97 == 1


def national(text: str) -> bool:
    """Check an identity number by the rule of the country that writes it so.

    Example:
        >>> national("11010519491231002X"), national("12345678Z"), national("12345678A")
        (True, True, False)
    """
    compact = re.sub(r"[ .-]", "", text).upper()
    rule = next(rule for form, rule in _RULES if re.fullmatch(form, compact))
    return rule(compact)


def _china(text: str) -> bool:
    weighted = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(text[:17]))
    return "10X98765432"[weighted % 11] == text[17]


def _spain(text: str) -> bool:
    number = int(text[:-1].translate(str.maketrans("XYZ", "012")))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23] == text[-1]


def _brazil(text: str) -> bool:
    digits = _digits(text)
    checks = [sum(digit * (count + 1 - place) for place, digit in enumerate(digits[:count])) for count in (9, 10)]
    return len(set(digits)) > 1 and [check * 10 % 11 % 10 for check in checks] == digits[9:]


def _france(text: str) -> bool:
    return 97 - int(text[:13]) % 97 == int(text[13:])


# Row a, column b: the product of a and b.
_DIHEDRAL = """
0123456789 1234067895 2340178956 3401289567 4012395678
5987604321 6598710432 7659821043 8765932104 9876543210
"""


def _india(text: str) -> bool:
    """Verhoeff's check over the dihedral group of order ten."""
    permuted = [list(range(10)), [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]]
    while len(permuted) < 8:  # noqa: PLR2004 - the permutation has order eight
        permuted.append([permuted[1][value] for value in permuted[-1]])
    table, check = _DIHEDRAL.split(), 0
    for place, digit in enumerate(reversed(_digits(text))):
        check = int(table[check][permuted[place % 8][digit]])
    return check == 0


_RULES: tuple[tuple[str, Callable[[str], bool]], ...] = (
    (r"\d{17}[\dX]", _china),
    (r"\d{15}", _france),
    (r"\d{12}", _india),
    (r"\d{11}", _brazil),
    (r"(?:\d{8}|[XYZ]\d{7})[A-Z]", _spain),
)


def _digits(text: str) -> list[int]:
    return [int(sign) for sign in text if sign.isdecimal()]


# What is more certain goes first: a tag is never read again.
KINDS = (
    Kind("<EMAIL>", "pii_email", _EMAIL),
    Kind("<IBAN>", "pii_iban", _IBAN, iban),
    Kind("<CARD>", "pii_card", _CARD, luhn),
    Kind("<NATIONAL_ID>", "pii_national_id", _CHECKED_NATIONAL, national),
    Kind("<NATIONAL_ID>", "pii_national_id", _NATIONAL),
    Kind("<PHONE>", "pii_phone", _PHONE),
    Kind("<ADDRESS>", "pii_address", _ADDRESS),
)
