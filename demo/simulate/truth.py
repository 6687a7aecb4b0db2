"""Truth: what really happened, beside the logs. Clean events, labels, rings, and the list of what is wrong with lines.

``truth/events/<source>/<date>.parquet`` has each event as its line would say it undamaged, at the log's own precision,
with what only the simulation knows: ``happened_at``, ``scenario``, ``phase``, ``ring``, ``looks_like`` (the risk that
an honest event is mistaken for), ``counts`` (what a risk's share counts), ``file`` and ``line``.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from demo.simulate.cases import Cases
from demo.simulate.labels import labels
from demo.simulate.names import written
from demo.simulate.raw.layout import event_ids
from demo.simulate.raw.logs import LAYOUTS
from demo.simulate.raw.times import millis, stamps
from demo.simulate.risks import BY_CODE

if TYPE_CHECKING:
    from pathlib import Path

    from demo.simulate.plan import Plan
    from demo.simulate.raw.layout import Layout
    from demo.simulate.raw.logs import Hour
    from demo.simulate.sheets import Sheet
    from demo.simulate.streams import Ints

MESS = ("file", "line", "case", "name", "expected", "event_id", "loses")
LABELS = (
    "event_id", "source", "risk", "entity_id", "label", "label_source", "event_ts", "label_available_ts", "confidence",
    "revoked_ts",
)  # fmt: skip
RINGS = ("risk", "ring", "entity", "entity_id")
_TYPES = {"string": pa.string(), "int64": pa.int64(), "bool": pa.bool_()}
_MICROS = pa.timestamp("us", tz="UTC")
_SCENARIOS = pa.array([None, *(BY_CODE[code].name for code in sorted(BY_CODE))], pa.string())
_LETTERS = {"account": "u", "device": "d", "seller": "m"}
# Whom a label is about: the first of these that an event has.
_WHO = (("account", "u"), ("staff", "a"), ("sender", "u"))
_SELLERS_TOO = {"collusion", "brushing"}


class Truth:
    """Writes the truth of a simulation.

    Args:
        folder: The folder ``truth``.
        plan: What takes place.
        raw: The folder ``raw``, to which the cases of the platform's own desk go.
    """

    def __init__(self, folder: Path, plan: Plan, raw: Path) -> None:
        self._folder, self._plan = folder, plan
        self._cases = Cases(raw, plan.world.calendar.end)
        self._mess = (folder / "mess.csv").open("w", newline="", encoding="utf-8")
        self._labels = (folder / "labels.csv").open("w", newline="", encoding="utf-8")
        self._writers = {
            "mess": csv.writer(self._mess, lineterminator="\n"),
            "labels": csv.writer(self._labels, lineterminator="\n"),
        }
        self._writers["mess"].writerow(MESS)
        self._writers["labels"].writerow(LABELS)
        self._rings: set[tuple[int, int, str, int]] = set()

    def day(self, source: str, date: str, hours: list[Hour]) -> None:
        """Write a day's clean events of a source, and what is wrong with its lines."""
        tables = [_table(LAYOUTS[source], hour) for hour in hours]
        folder = self._folder / "events" / source
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.concat_tables(tables), folder / f"{date}.parquet", compression="zstd")
        for hour in hours:
            ids = event_ids(hour.events)
            self._writers["mess"].writerows(
                (hour.file, one.line, one.what.case, one.what.name, one.what.expected,
                 ids[one.place] if one.place >= 0 else "", int(one.what.loses))
                for one in hour.damaged
            )  # fmt: skip

    def found(self, source: str, one: Sheet) -> None:
        """Write the labels that a source's events will get, and remember who belongs to which ring."""
        for each in labels(self._plan, source, one):
            self._cases.add(each, LAYOUTS[source].step)
            events = each.events
            letter, who = next((letter, events[name]) for name, letter in _WHO if name in events)
            rows = zip(
                event_ids(events), written(letter, who), _texts(events["ts"]), _texts(each.available),
                _texts(each.revoked), strict=True,
            )  # fmt: skip
            self._writers["labels"].writerows(
                (event_id, source, each.risk.name, entity, 1, each.risk.found_by, at, available, each.confidence, later)
                for event_id, entity, at, available, later in rows
            )
        self._remember(one)

    def _remember(self, one: Sheet) -> None:
        member = (one["truth"] > 0) & (one["ring"] >= 0)
        for entity in ("account", "device", "seller"):
            if entity not in one:
                continue
            some = np.unique(np.stack([one[name][member] for name in ("truth", "ring", entity)], axis=1), axis=0)
            self._rings |= {
                (code, ring, entity, number)
                for code, ring, number in some.tolist()
                if number >= 0 and (entity != "seller" or BY_CODE[code].name in _SELLERS_TOO)
            }

    def close(self) -> None:
        """Write the rings and the cases, and end."""
        self._cases.write()
        self._mess.close()
        self._labels.close()
        with (self._folder / "rings.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(RINGS)
            for code, ring, entity, number in sorted(self._rings):
                name = written(_LETTERS[entity], np.array([number]))[0]
                writer.writerow((BY_CODE[code].name, ring, entity, name))


def _table(layout: Layout, hour: Hour) -> pa.Table:
    one = hour.events
    columns: dict[str, Any] = {
        name: pa.array(values, _TYPES[layout.dtype(name)]) for name, values in hour.fields.items()
    }
    columns.setdefault("event_id", pa.array(event_ids(one), pa.string()))
    return pa.table(
        {
            "event_ts": pa.array(one["ts"], _MICROS),
            **columns,
            "happened_at": pa.array(hour.happened, _MICROS),
            "scenario": _SCENARIOS.take(pa.array(one["truth"])),
            "phase": pa.array(one["phase"]),
            "ring": pa.array(one["ring"]),
            "looks_like": _SCENARIOS.take(pa.array(one["odd"])),
            "counts": pa.array(one["unit"] == 1),
            "file": pa.array([hour.file] * len(hour.lines), pa.string()),
            "line": pa.array(hour.lines),
        }
    )


def _texts(ts: Ints) -> list[str]:
    pairs = zip(stamps(np.maximum(ts, 0), "iso"), millis(np.maximum(ts, 0)), ts.tolist(), strict=True)
    return [f"{at}.{milli}Z" if number >= 0 else "" for at, milli, number in pairs]
