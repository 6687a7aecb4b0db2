"""Whole numbers, fractions, truth values and amounts of money, as text writes them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from riskloom.extract.formats.reading import RefusedError
from riskloom.extract.formats.strict_json import Number

if TYPE_CHECKING:
    from riskloom.declare.profile import Profile

BAD_NUMBER, BAD_VALUE = "bad_number", "bad_value"
_INT64 = 1 << 63
_MOST_DIGITS = 400
_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,6})?")
_TRUE = frozenset({"true", "t", "yes", "y", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "0"})
_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW", "₽": "RUB"}
# ISO 4217's currencies whose minor unit is not a hundredth.
_EXPONENTS = dict.fromkeys(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"], 0
)
_EXPONENTS |= dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3)
_AMOUNT = re.compile(
    r"(?P<before>[A-Z]{3}|[$€£¥₹₩₽])?\s?(?P<number>[\d.,\u00a0' ]*\d[\d.,]*(?:[eE][+-]?\d+)?)\s?(?P<after>[A-Z]{3}|[$€£¥₹₩₽])?"
)
_GROUPED = re.compile(r"\d{1,3}(?:[\u00a0' ]\d{3})+")


def whole(value: object, profile: Profile) -> int | None:
    """Read a whole number of 64 bits; a fraction of zero is none.

    Raises:
        RefusedError: It is no whole number, or too large.

    Example:
        >>> from riskloom.declare.profile import Profile
        >>> whole("12", Profile()), whole(12.0, Profile()), whole(None, Profile())
        (12, 12, None)
    """
    if type(value) is int:
        number: Decimal | int = value
    else:
        found = decimal(value, profile)
        if found is None:
            return None
        if found != found.to_integral_value():
            raise RefusedError(BAD_NUMBER)
        number = int(found)
    if not -_INT64 <= number < _INT64:
        raise RefusedError(BAD_NUMBER)
    return int(number)


def fraction(value: object, profile: Profile) -> float | None:
    """Read a number; NaN is none, and infinity is refused.

    Raises:
        RefusedError: It is no number, or none that is finite.

    Example:
        >>> from riskloom.declare.profile import Profile
        >>> fraction("3,50", Profile(decimal=","))
        3.5
    """
    found = decimal(value, profile)
    if found is None:
        return None
    number = float(found)
    if math.isinf(number):
        raise RefusedError(BAD_NUMBER)
    return number


def truth(value: object) -> bool | None:
    """Read a truth value.

    Raises:
        RefusedError: It is none.

    Example:
        >>> truth("yes"), truth(0), truth(None)
        (True, False, None)
    """
    if value is None or isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if not text:
        return None
    raise RefusedError(BAD_VALUE)


def decimal(value: object, profile: Profile) -> Decimal | None:
    """Read a number as it is written; None, NaN and empty text are none."""
    if value is None or isinstance(value, bool):
        if value is None:
            return None
        raise RefusedError(BAD_NUMBER)
    if isinstance(value, float):
        if math.isnan(value):
            return None
        if math.isinf(value):
            raise RefusedError(BAD_NUMBER)
        return Decimal(repr(value))
    text = str(value).strip()
    if text in ("", "-", "null", "NaN", "nan"):
        return None
    if len(text) > _MOST_DIGITS:
        raise RefusedError(BAD_NUMBER)
    # JSON writes its own numbers alike in every country.
    if _PLAIN.fullmatch(text) and (profile.decimal == "." or isinstance(value, Number)):
        return _finite(text)
    return _finite(_ungrouped(text, profile.decimal))


def _finite(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise RefusedError(BAD_NUMBER) from None
    if not number.is_finite() or abs(number.adjusted()) >= 308:  # noqa: PLR2004 - the largest double's exponent
        raise RefusedError(BAD_NUMBER)
    return number


def _ungrouped(text: str, sign: str) -> str:
    """Take out the signs that group thousands, where they stand in their places, and write the fraction with a dot."""
    group = "," if sign == "." else "."
    head, _, tail = text.partition(sign)
    mantissa = head.lstrip("+-")
    if group in mantissa:
        first, *rest = mantissa.split(group)
        if not 1 <= len(first) <= 3 or any(len(part) != 3 for part in rest):  # noqa: PLR2004
            raise RefusedError(BAD_NUMBER)
        head = head.replace(group, "")
    if _GROUPED.fullmatch(mantissa):
        head = re.sub(r"[\u00a0' ]", "", head)
    return f"{head}.{tail}" if tail else head


def exponent_of(currency: str | None) -> int:
    """Give the digits between a currency's main unit and its minor one.

    Example:
        >>> exponent_of("EUR"), exponent_of("JPY"), exponent_of(None)
        (2, 0, 2)
    """
    return _EXPONENTS.get(currency or "", 2)


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of money.

    Attributes:
        value: As written, in the currency's main unit.
        currency: ISO code, where it is known.
    """

    value: Decimal
    currency: str | None

    def minor(self) -> int:
        """Give whole minor units.

        Raises:
            RefusedError: It is no whole number of them, or too large.
        """
        scaled = self.value.scaleb(exponent_of(self.currency))
        if scaled != scaled.to_integral_value() or not -_INT64 <= scaled < _INT64:
            raise RefusedError(BAD_NUMBER)
        return int(scaled)


def amount(value: object, profile: Profile) -> Amount | None:
    """Read an amount of money, with the currency where it is written.

    Raises:
        RefusedError: It is no amount.

    Example:
        >>> from riskloom.declare.profile import Profile
        >>> amount("$1,299.00", Profile()).minor(), amount("¥500", Profile()).minor()
        (129900, 500)
        >>> amount("1.299,00 €", Profile(decimal=","))
        Amount(value=Decimal('1299.00'), currency='EUR')
    """
    if not isinstance(value, str) or isinstance(value, Number):
        found = decimal(value, profile)
        return None if found is None else Amount(found, profile.currency)
    text = value.strip()
    negative = text.startswith("-") or (text.startswith("(") and text.endswith(")"))
    match = _AMOUNT.fullmatch(text.strip("()").removeprefix("-").removeprefix("+").strip())
    if match is None:
        found = decimal(text, profile)
        return None if found is None else Amount(found, profile.currency)
    number = decimal(match["number"], profile)
    if number is None:
        return None
    sign = match["before"] or match["after"]
    currency = _SIGNS.get(sign, sign) if sign else profile.currency
    return Amount(-number if negative else number, currency)
