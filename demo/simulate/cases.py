"""Cases: what the platform's own desk notes of attacks, as a raw log: an hour a file, by when it became known.

A verdict that is taken back is a line of its own. What becomes known after the period is in ``truth/labels.csv`` alone.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np

from demo.simulate.addresses import dotted
from demo.simulate.names import written
from demo.simulate.raw.layout import event_ids
from demo.simulate.raw.times import millis, stamps

if TYPE_CHECKING:
    from pathlib import Path

    from demo.simulate.labels import Labels
    from demo.simulate.streams import Ints

SOURCE = "cases"
_WHO = {"account": "u", "sender": "u", "seller": "m", "staff": "a", "device": "d", "card": "c"}
COLUMNS = (
    "case_id", "time", "known_at", "risk", "fraud", "found_by", "confidence", "account_id", "seller_id", "staff_id",
    "device_id", "card_id", "ip",
)  # fmt: skip


class Cases:
    """Collects cases, and writes them.

    Args:
        raw: The folder ``raw``.
        end: When the period is over; later cases are not written.
    """

    def __init__(self, raw: Path, end: int) -> None:
        self._raw, self._end = raw, end
        self._rows: dict[str, list[tuple[str, ...]]] = {}

    def add(self, found: Labels, step: int) -> None:
        """Take the labels of a kind.

        Args:
            found: The labels.
            step: The smallest step of their source's times, so that a case names its event's time as the log has it.
        """
        events = found.events
        at = events["ts"] // step * step
        texts = [_texts(at), *self._who(events, len(at))]
        ids = event_ids(events)
        for fraud, known in (("true", found.available), ("false", found.revoked)):
            kept = np.flatnonzero((known >= 0) & (known < self._end)).tolist()
            hours, noted = stamps(known, "plain"), _texts(known)
            for place in kept:
                case = f"{ids[place]}-{found.risk.code}-{fraud[0]}"
                line = (texts[0][place], noted[place], found.risk.name, fraud, found.risk.found_by)
                row = (case, *line, str(found.confidence), *(text[place] for text in texts[1:]))
                self._rows.setdefault(hours[place][:13], []).append(row)

    @staticmethod
    def _who(events: dict[str, Ints], count: int) -> list[list[str]]:
        """Name whom an event is of, as far as it has them: account, seller, staff, device, card, address."""
        nobody = [""] * count
        named = {
            name: [text or "" for text in written(letter, events[name])]
            for name, letter in _WHO.items()
            if name in events
        }
        if "sender" in events:
            # Whoever writes is a buyer or a seller.
            sellers = written("m", events["sender"])
            sides = (events["side"] == 0).tolist()
            pairs = list(zip(sides, named.pop("sender"), sellers, strict=True))
            named["account"] = [account if buyer else "" for buyer, account, _ in pairs]
            named["seller"] = ["" if buyer else str(seller) for buyer, _, seller in pairs]
        address = dotted(events["ip"]) if "ip" in events else nobody
        return [*(named.get(name, nobody) for name in ("account", "seller", "staff", "device", "card")), address]

    def write(self) -> None:
        """Write the files."""
        for hour, rows in self._rows.items():
            path = self._raw / SOURCE / hour[:10] / f"{hour[11:]}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(COLUMNS)
                writer.writerows(sorted(rows))


def _texts(ts: Ints) -> list[str]:
    kept = np.maximum(ts, 0)
    return [f"{at}.{milli}Z" for at, milli in zip(stamps(kept, "iso"), millis(kept), strict=True)]
