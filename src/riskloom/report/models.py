"""How models do, by phase, as the file says that whoever trained them has left."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from riskloom.errors import StoreError
from riskloom.report.charts import Dot, dots
from riskloom.report.html import folded, heading, note, table

if TYPE_CHECKING:
    from pathlib import Path

FILE = "models.json"
_MEASURES = {"auc": "AUC", "average_precision": "Average precision", "precision_100": "Precision at the top 100"}


def performance(path: Path) -> list[str]:
    """Give the charts and the table of a file of results.

    The file holds ``decisions``, each with ``service``, ``target`` and ``phases``: by name ``rows``, ``positives`` and
    ``models``, which have by name ``auc``, ``average_precision`` and ``precision_100``, each a value and both ends
    of its interval.

    Raises:
        StoreError: The file is not such a file.
    """
    if not path.is_file():
        return [note(f"No {path.name} is in the project's state folder: no model has been measured.")]
    try:
        decisions = json.loads(path.read_text(encoding="utf-8"))["decisions"]
        rows = [row for decision in decisions for row in _rows(decision)]
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError.bad_results(path, error) from error
    columns = ("service", "target", "phase", "rows", "positives", "model", *_MEASURES.values())
    return [*_charts(rows), folded("All figures", table(rows, columns))]


def _rows(decision: dict[str, Any]) -> list[dict[str, Any]]:
    shared = {name: decision[name] for name in ("service", "target")}
    return [
        {
            **shared,
            "phase": phase,
            "rows": found["rows"],
            "positives": found["positives"],
            "model": model,
            **{title: _text(measures[name]) for name, title in _MEASURES.items()},
            "_average": measures["average_precision"],
        }
        for phase, found in decision["phases"].items()
        for model, measures in found["models"].items()
    ]


def _text(found: list[float]) -> str:
    value, low, high = found
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def _charts(rows: list[dict[str, Any]]) -> list[str]:
    models = list(dict.fromkeys(row["model"] for row in rows))
    parts = []
    for phase in dict.fromkeys(row["phase"] for row in rows):
        marks = [
            Dot(
                label=_named(row, rows),
                value=row["_average"][0],
                low=row["_average"][1],
                high=row["_average"][2],
                series=models.index(row["model"]),
            )
            for row in rows
            if row["phase"] == phase
        ]
        title = f"Average precision, {phase}"
        parts += [heading(title), dots(marks, title, models)]
    return parts


def _named(row: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """Name a decision by its target, and by its service too where several have that target."""
    services = {other["service"] for other in rows if other["target"] == row["target"]}
    return f"{row['target']}, {row['service']}" if len(services) > 1 else str(row["target"])
