"""What comes after an order: refunds as application text, reviews and messages as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from demo.simulate import vocabulary as v
from demo.simulate.addresses import CURRENCIES, dotted
from demo.simulate.calendar import HOUR, SECOND
from demo.simulate.names import written
from demo.simulate.raw.layout import Fields, Layout, address_lines, event_ids, money, optional, words
from demo.simulate.raw.texts import message_text, review_text
from demo.simulate.raw.times import millis, stamps

if TYPE_CHECKING:
    from typing import Any

    from demo.simulate.sheets import Sheet
    from demo.simulate.streams import Ints
    from demo.simulate.world import World


def _refund_fields(_: World, one: Sheet) -> Fields:
    return {
        "event_id": event_ids(one),
        "refund_id": written("r", one["refund"]),
        "order_id": written("o", one["order"]),
        "account_id": written("u", one["account"]),
        "amount": one["amount"].tolist(),
        "currency": words(CURRENCIES, one["currency"]),
        "refund_reason": words(v.REFUND_REASONS, one["reason"]),
        "channel": words(v.CHANNELS, one["channel"]),
        "decision": words(v.DECISIONS, one["decision"]),
        "ship_to": address_lines(one["address"]),
    }


def _refund_lines(_: World, one: Sheet, fields: Fields) -> list[str]:
    shown = {**fields, "amount": money(one["amount"])}
    return [
        f"{at},{milli} INFO [refund-{worker}] Refund {refund} of order {order} by {user}: {amount} {currency}, "
        f"{reason} via {channel}, {decision}; to {ship} ({event_id})"
        for worker, at, milli, event_id, refund, order, user, amount, currency, reason, channel, decision, ship in zip(
            (one["id"] & 3).tolist(), stamps(one["ts"], "plain"), millis(one["ts"]), *shown.values(), strict=True
        )
    ]


REFUNDS = Layout(
    source="refunds",
    suffix=".log",
    step=1_000,
    fields=_refund_fields,
    lines=_refund_lines,
    whole=frozenset({"amount"}),
)


def _review_fields(_: World, one: Sheet) -> Fields:
    return {
        "event_id": event_ids(one),
        "review_id": written("w", one["review"]),
        "account_id": written("u", one["account"]),
        "order_id": written("o", one["order"]),
        "item_id": written("p", one["item"]),
        "seller_id": written("m", one["seller"]),
        "stars": one["stars"].tolist(),
        "text": [review_text(number) for number in one["text"].tolist()],
        "device_id": written("d", one["device"]),
        "ip": dotted(one["ip"]),
    }


def _review_lines(_: World, one: Sheet, fields: Fields) -> list[str]:
    shown = {**fields, "order_id": optional('"order":"', fields["order_id"], '",'), "text": quoted(fields["text"])}
    # The review service stands in Berlin, an hour before UTC in winter.
    return [
        f'{{"id":"{event_id}","created_at":"{at}+01:00","review":"{review}","by":{{"account":"{user}",'
        f'"device":"{device}","ip":"{ip}"}},{order}"product":"{item}","seller":"{seller}","stars":{stars},"text":{text}}}'
        for at, event_id, review, user, order, item, seller, stars, text, device, ip in zip(
            stamps(one["ts"] + HOUR, "iso"), *shown.values(), strict=True
        )
    ]


def quoted(texts: list[Any]) -> list[str]:
    """Write texts as JSON."""
    return [json.dumps(text, ensure_ascii=False) for text in texts]


REVIEWS = Layout(
    source="reviews",
    suffix=".jsonl",
    step=SECOND,
    fields=_review_fields,
    lines=_review_lines,
    whole=frozenset({"stars"}),
)


def _message_fields(_: World, one: Sheet) -> Fields:
    buyer = one["side"] == 0
    return {
        "event_id": event_ids(one),
        "thread_id": written("t", one["thread"]),
        "side": words(v.SIDES, one["side"]),
        "sender_id": _either(buyer, one["sender"]),
        # A buyer writes to a seller; whoever fishes, to a buyer, whatever side they are on.
        "recipient_id": _either(~buyer | (one["truth"] > 0), one["recipient"]),
        "text": [message_text(number) for number in one["text"].tolist()],
        "ip": dotted(one["ip"]),
    }


def _either(account: Ints, numbers: Ints) -> list[str | None]:
    both = zip(account.tolist(), written("u", numbers), written("m", numbers), strict=True)
    return [user if is_account else seller for is_account, user, seller in both]


def _message_lines(_: World, one: Sheet, fields: Fields) -> list[str]:
    shown = {**fields, "text": quoted(fields["text"])}
    return [
        f'{{"id":"{event_id}","ts":"{at}.{milli}Z","thread":"{thread}","from":{{"side":"{side}","id":"{sender}",'
        f'"ip":"{ip}"}},"to":"{recipient}","text":{text}}}'
        for at, milli, event_id, thread, side, sender, recipient, text, ip in zip(
            stamps(one["ts"], "iso"), millis(one["ts"]), *shown.values(), strict=True
        )
    ]


MESSAGES = Layout(source="messages", suffix=".jsonl", step=1_000, fields=_message_fields, lines=_message_lines)
