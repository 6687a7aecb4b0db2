"""What the shop writes: orders as nested JSON, payments as JSON behind a prefix, coupons as key=value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.simulate import vocabulary as v
from demo.simulate.addresses import CURRENCIES, dotted
from demo.simulate.calendar import SECOND
from demo.simulate.names import written
from demo.simulate.raw.layout import Fields, Layout, address_lines, event_ids, money, optional, words
from demo.simulate.raw.times import millis, stamps

if TYPE_CHECKING:
    from demo.simulate.sheets import Sheet
    from demo.simulate.world import World


def _order_fields(_: World, one: Sheet) -> Fields:
    return {
        "event_id": event_ids(one),
        "order_id": written("o", one["order"]),
        "state": words(v.ORDER_STATES, one["state"]),
        "account_id": written("u", one["account"]),
        "session_id": written("s", one["session"]),
        "device_id": written("d", one["device"]),
        "ip": dotted(one["ip"]),
        "seller_id": written("m", one["seller"]),
        "item_id": written("p", one["item"]),
        "quantity": one["quantity"].tolist(),
        "lines": one["lines"].tolist(),
        "gross": one["gross"].tolist(),
        "discount": one["discount"].tolist(),
        "currency": words(CURRENCIES, one["currency"]),
        "ship_to": address_lines(one["address"]),
        "drop_id": [drop if drop >= 0 else None for drop in one["drop"].tolist()],
    }


def _order_lines(_: World, one: Sheet, fields: Fields) -> list[str]:
    shown = {
        **fields,
        "gross": money(one["gross"]),
        "discount": money(one["discount"]),
        "drop_id": optional(',"drop":', fields["drop_id"]),
    }
    return [
        f'{{"id":"{event_id}","time":"{at}.{milli}Z","order":{{"id":"{order}","state":"{state}"{drop}}},'
        f'"customer":{{"id":"{user}","session":"{session}","device":"{device}","ip":"{ip}"}},'
        f'"basket":{{"seller":"{seller}","items":[{{"sku":"{item}","qty":{quantity}}}],"lines":{lines},'
        f'"gross":"{gross}","discount":"{discount}","currency":"{currency}"}},"ship_to":"{ship}"}}'
        for at, milli, event_id, order, state, user, session, device, ip, seller, item, quantity, lines, gross,
            discount, currency, ship, drop
        in zip(stamps(one["ts"], "iso"), millis(one["ts"]), *shown.values(), strict=True)
    ]  # fmt: skip


ORDERS = Layout(
    source="orders",
    suffix=".jsonl",
    step=1_000,
    fields=_order_fields,
    lines=_order_lines,
    whole=frozenset({"quantity", "lines", "gross", "discount", "drop_id"}),
)


def _payment_fields(_: World, one: Sheet) -> Fields:
    return {
        "event_id": event_ids(one),
        "payment_id": written("y", one["payment"]),
        "order_id": written("o", one["order"]),
        "account_id": written("u", one["account"]),
        "device_id": written("d", one["device"]),
        "ip": dotted(one["ip"]),
        "card_id": written("c", one["card"]),
        "bank_number": [str(number) for number in one["bin"].tolist()],
        "method": words(v.PAYMENT_METHODS, one["method"]),
        "amount": one["amount"].tolist(),
        "currency": words(CURRENCIES, one["currency"]),
        "result": words(v.PAYMENT_RESULTS, one["result"]),
        "decline_reason": words(v.DECLINES, one["decline"]),
        "address_check": words(v.CHECKS, one["avs"]),
        "code_check": words(v.CHECKS, one["cvv"]),
        "attempt": one["attempt"].tolist(),
    }


def _payment_lines(_: World, one: Sheet, fields: Fields) -> list[str]:
    shown = {**fields, "amount": money(one["amount"]), "order_id": optional('"order":"', fields["order_id"], '",')}
    return [
        f'[{at}] gateway.INFO: {{"id":"{event_id}","payment":"{payment}",{order}"account":"{user}","device":"{device}",'
        f'"ip":"{ip}","card":"{card}","bin":"{bank}","method":"{method}","amount":{amount},"currency":"{currency}",'
        f'"result":"{result}","decline":"{decline}","avs":"{avs}","cvv":"{cvv}","attempt":{attempt}}} []'
        for at, event_id, payment, order, user, device, ip, card, bank, method, amount, currency, result, decline, avs,
            cvv, attempt
        in zip(stamps(one["ts"], "plain"), *shown.values(), strict=True)
    ]  # fmt: skip


PAYMENTS = Layout(
    source="payments",
    suffix=".log",
    step=SECOND,
    fields=_payment_fields,
    lines=_payment_lines,
    whole=frozenset({"amount", "attempt"}),
)


def _coupon_fields(_: World, one: Sheet) -> Fields:
    return {
        "event_id": event_ids(one),
        "coupon_id": written("k", one["coupon"]),
        "campaign": words(v.CAMPAIGNS, one["campaign"]),
        "action": words(v.COUPON_ACTIONS, one["action"]),
        "account_id": written("u", one["account"]),
        "device_id": written("d", one["device"]),
        "ip": dotted(one["ip"]),
        "order_id": written("o", one["order"]),
        "threshold": one["threshold"].tolist(),
        "face_value": one["face"].tolist(),
        "ship_to": address_lines(one["address"]),
    }


def _coupon_lines(_: World, one: Sheet, fields: Fields) -> list[str]:
    # The coupon service writes amounts as its people do, with a comma.
    shown = {
        **fields,
        "threshold": money(one["threshold"], ","),
        "face_value": money(one["face"], ","),
        "order_id": optional(" order=", fields["order_id"]),
    }
    return [
        f"{at},{milli} INFO coupons id={event_id} coupon={coupon} campaign={campaign} action={action} user={user} "
        f'device={device} ip={ip}{order} min={threshold} value={face} to="{ship}"'
        for at, milli, event_id, coupon, campaign, action, user, device, ip, order, threshold, face, ship in zip(
            stamps(one["ts"], "plain"), millis(one["ts"]), *shown.values(), strict=True
        )
    ]


COUPONS = Layout(
    source="coupons",
    suffix=".log",
    step=1_000,
    fields=_coupon_fields,
    lines=_coupon_lines,
    whole=frozenset({"threshold", "face_value"}),
)
