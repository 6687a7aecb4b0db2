"""What people write: reviews and messages, from phrases that a number chooses."""

from __future__ import annotations

from demo.simulate.base.people import PEOPLES_TEXTS, TEMPLATE_TEXTS

_OPENINGS = ("", "Hello, ", "Hi! ", "Bonjour, ", "Hallo, ", "Honestly: ", "Überraschung: ", "To be fair, ")
_REVIEWS = (
    "it fits well", "the colour is not as shown", "good value", "arrived in two days", "très bonne qualité",
    "schöne Verarbeitung", "it broke after a week", "my daughter loves it", "smaller than I thought", "would buy again",
    "das Paket war beschädigt", "como en la foto, perfecto y rápido", "the zip sticks", "exactly what I needed",
    "too loud", "il tessuto è leggero",
)  # fmt: skip
_CLOSINGS = (
    ".",
    "!",
    ", thanks.",
    ", merci à tous.",
    ", would not recommend.",
    ", vielen Dank für alles.",
    " :)",
    ", 5 of 5.",
)
_QUESTIONS = (
    "when will my parcel arrive?", "is this available in blue?", "the invoice is missing", "can I change the address?",
    "the size is wrong, können Sie umtauschen?", "please call me at 0171 5550{n:03d}", "my mail is k{n}@mail.example",
    "où est mon colis, s'il vous plaît?", "I would like to return it", "does it come with a cable?",
    "is the warranty two years?", "I paid with 4111 1111 1111 1111, is that all right?",
    "danke für die schnelle Antwort", "we have it again on Monday", "the parcel left us today", "sorry for the wait",
)  # fmt: skip
_TEMPLATES = (
    "Your order is on its way, follow it at https://track.example/{n}", "Thank you for your order no. {n}!",
    "We are closed until Monday.", "Please rate us at https://shop.example/rate/{n}", "The item is back in stock.",
    "Your refund has been booked.", "Our autumn catalogue: https://shop.example/autumn",
)  # fmt: skip
_PRAISE = ("Best product ever, buy it now", "Amazing quality amazing price", "Total scam do not buy", "Simply perfect")
_BAIT = (
    "Your account will be closed, confirm at https://secure-login{n}.example/verify",
    "You won a voucher, collect it: https://gift{n}.example/claim",
    "Pay outside of the shop and save 20 %, write to me on chat: deal{n}",
    "Customs fee due for your parcel: https://parcel-fee{n}.example",
)
_SMALL_CHANGES = ("", " Thanks", " Best regards", "!", " today", " now", " :)", " please")
_PHRASES = 4_096


def review_text(number: int) -> str:
    """Write a review: a person's, or one that is bought."""
    if number >= PEOPLES_TEXTS:
        return _PRAISE[(number - PEOPLES_TEXTS) % len(_PRAISE)]
    body = f"{_REVIEWS[number >> 3 & 15]}, {_REVIEWS[number >> 7 & 15]}"
    return _OPENINGS[number & 7] + body + _CLOSINGS[number >> 11 & 7]


def message_text(number: int) -> str:
    """Write a message: a person's, a seller's template, or bait.

    Example:
        >>> message_text(TEMPLATE_TEXTS)
        'Your account will be closed, confirm at https://secure-login0.example/verify'
    """
    if number >= TEMPLATE_TEXTS:
        which, changed = divmod(number - TEMPLATE_TEXTS, _PHRASES)
        return _BAIT[which % len(_BAIT)].format(n=which // 4) + _SMALL_CHANGES[changed % len(_SMALL_CHANGES)]
    if number >= PEOPLES_TEXTS:
        return _TEMPLATES[(number - PEOPLES_TEXTS) % len(_TEMPLATES)].format(n=number % 997)
    return _OPENINGS[number & 7] + _QUESTIONS[number >> 3 & 15].format(n=number % 997) + _CLOSINGS[number >> 11 & 1]
