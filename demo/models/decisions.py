"""What is decided with the platform's services: which attack is looked for, among which events."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One attack, looked for with one service.

    Attributes:
        service: The service whose features are read.
        source: The source whose events are judged.
        risk: The attack.
        among: A pattern of what the events are that are judged: of the values of ``column``.
        column: Column that says what an event is; none where each event is judged.
    """

    service: str
    source: str
    risk: str
    among: str = ""
    column: str = ""

    @property
    def label(self) -> str:
        """The project's label of the attack."""
        return f"is_{self.risk}"

    def judged(self, events: pa.Table, prefix: str = "") -> pa.ChunkedArray:
        """Say which events are judged.

        Args:
            events: Events, with their own fields.
            prefix: What stands before the names of those.
        """
        if not self.column:
            return pa.chunked_array([pa.repeat(pa.scalar(True), events.num_rows)])
        return pc.fill_null(pc.match_substring_regex(events[prefix + self.column], self.among), False)


def _of(service: str, source: str, risk: str, column: str = "", among: str = "") -> Decision:
    return Decision(service=f"{service}_risk_v1", source=source, risk=risk, column=column, among=among)


_CREATED = ("state", "^created$")
DECISIONS = (
    _of("signup", "accounts", "fake_accounts", "action", "^register$"),
    _of("login", "logins", "account_takeover", "result", "^success$"),
    _of("order", "orders", "collusion", *_CREATED),
    _of("order", "orders", "brushing", *_CREATED),
    _of("order", "orders", "deal_hunter", *_CREATED),
    _of("payment", "payments", "card_testing"),
    _of("coupon", "coupons", "coupon_ring", "action", "^redeem$"),
    _of("coupon", "coupons", "gift_card_drain", "action", "^(validate|invalid)$"),
    _of("refund", "refunds", "refund_abuse"),
    _of("seller", "orders", "brushing", *_CREATED),
    _of("review", "reviews", "review_burst"),
    _of("message", "messages", "phishing"),
    _of("traffic", "requests", "scanning"),
    _of("traffic", "requests", "scalper", "path", "^/(drop|cart|checkout)"),
    _of("click", "clicks", "click_farm"),
    _of("leakage", "staff", "insider", "action", "^(read|export)$"),
)
# What labels are of, where a source names it otherwise.
NAMED = {"requests": {"ip": "client_address"}}
