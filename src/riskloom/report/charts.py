"""Charts as SVG text: they grow with the page, and take its colours."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# The two first colours of Okabe and Ito's palette, which colour-blind people tell apart, and two more of it.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
# As wide as a phone, so that texts keep their size on one.
_WIDTH, _LABEL, _VALUE, _LINE, _LEGEND = 400, 170, 60, 20, 16
_BARS, _BAR, _APART = 80, 32, 9


@dataclass(frozen=True, kw_only=True)
class Dot:
    """A value with its interval.

    Attributes:
        label: What it is of.
        value: The value.
        low: Lower end of its interval.
        high: Upper end.
        series: Its place among the colours.
    """

    label: str
    value: float
    low: float
    high: float
    series: int = 0


def bars(rows: Sequence[tuple[str, float]], title: str) -> str:
    """Draw a bar for each row, below its label.

    Args:
        rows: Labels and values, none of them negative.
        title: What is shown, for those who can't see it.

    Example:
        >>> bars([("orders", 3.0)], "Rows").count("<rect")
        1
    """
    most = max((value for _, value in rows), default=0) or 1
    parts = []
    for place, (label, value) in enumerate(rows):
        y, width = place * _BAR, max((_WIDTH - _VALUE) * value / most, 1 if value else 0)
        parts += [
            f'<text x="0" y="{y + 12}">{escape(label)}</text>',
            f'<rect x="0" y="{y + 16}" width="{width:.1f}" height="10" fill="{COLOURS[0]}"/>',
            f'<text x="{width + 5:.1f}" y="{y + 25}">{_number(value)}</text>',
        ]
    return _svg(parts, len(rows) * _BAR, title)


def dots(rows: Sequence[Dot], title: str, names: Sequence[str] = (), *, low: float = 0.0, high: float = 1.0) -> str:
    """Draw each value as a dot on the line of its interval; rows of one label share a line.

    Args:
        rows: The values.
        title: What is shown.
        names: Names of the series, for the legend.
        low: Where the scale begins.
        high: Where it ends.

    Example:
        >>> dots([Dot(label="a", value=0.5, low=0.4, high=0.6)], "Lift").count("<circle")
        1
    """
    room = _WIDTH - _LABEL - 20

    def x(value: float) -> float:
        return _LABEL + room * (min(max(value, low), high) - low) / (high - low)

    labels = list(dict.fromkeys(row.label for row in rows))
    top = _LEGEND * len(names) + _LINE
    line = max(_LINE, _APART * max((sum(row.label == label for row in rows) for label in labels), default=1))
    bottom = top + line * len(labels)
    parts = [_legend(place, name) for place, name in enumerate(names)]
    for step in range(5):
        value = low + (high - low) * step / 4
        parts.append(f'<line x1="{x(value):.1f}" x2="{x(value):.1f}" y1="{top}" y2="{bottom}" class="grid"/>')
        parts.append(f'<text x="{x(value):.1f}" y="{top - 4}" text-anchor="middle">{value:g}</text>')
    if low < 0 < high:
        parts.append(f'<line x1="{x(0):.1f}" x2="{x(0):.1f}" y1="{top}" y2="{bottom}" stroke="currentColor"/>')
    for label in labels:
        mine = [row for row in rows if row.label == label]
        y = top + labels.index(label) * line
        parts.append(_label(label, y + (line - _LINE) / 2))
        for place, row in enumerate(mine):
            middle, colour = y + line * (place + 1) / (len(mine) + 1), COLOURS[row.series % len(COLOURS)]
            ends = f'x1="{x(row.low):.1f}" x2="{x(row.high):.1f}" y1="{middle:.1f}" y2="{middle:.1f}"'
            parts.append(f'<line {ends} stroke="{colour}" stroke-width="2"/>')
            parts.append(f'<circle cx="{x(row.value):.1f}" cy="{middle:.1f}" r="3.5" fill="{colour}"/>')
    return _svg(parts, bottom, title)


def histogram(groups: Sequence[tuple[str, Sequence[float]]], title: str, edges: Sequence[float]) -> str:
    """Draw how several groups are spread over the same bins, each as shares of its own rows.

    Args:
        groups: Names, and shares of rows by bin.
        title: What is shown.
        edges: Edges of the bins; the first and the last are written below.

    Example:
        >>> histogram([("all", [0.25, 0.75])], "amount", [0, 10, 20]).count("<rect")
        3
    """
    most = max((share for _, shares in groups for share in shares), default=0) or 1
    count = max(len(edges) - 1, 1)
    step, top = (_WIDTH - 20) / count, _LEGEND * len(groups)
    floor = top + _BARS
    parts = [_legend(place, name) for place, (name, _) in enumerate(groups)]
    for place, (_, shares) in enumerate(groups):
        width = step / len(groups)
        for bin_place, share in enumerate(shares):
            height = (_BARS - 4) * share / most
            x, y = 10 + bin_place * step + place * width, floor - height
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width - 1, 1):.1f}" height="{height:.1f}" '
                f'fill="{COLOURS[place % len(COLOURS)]}"/>'
            )
    below = floor + 13
    parts.append(f'<text x="10" y="{below}">{_number(edges[0])}</text>')
    parts.append(f'<text x="{_WIDTH - 10}" y="{below}" text-anchor="end">{_number(edges[-1])}</text>')
    return _svg(parts, below + 4, title)


def strip(marks: Sequence[tuple[str, str]], title: str) -> str:
    """Draw a square for each of a row of outcomes, oldest first.

    Args:
        marks: The class of each square, for its colour, and what it says when pointed at.
        title: What is shown.

    Example:
        >>> strip([("passed", "2024-05-01: passed")], "Gates of orders").count("<rect")
        1
    """
    parts = [
        f'<rect x="{place * 10}" y="2" width="8" height="14" class="{escape(kind)}">'
        f"<title>{escape(text)}</title></rect>"
        for place, (kind, text) in enumerate(marks)
    ]
    return _svg(parts, 18, title)


def _svg(parts: Sequence[str], height: int, title: str) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" font-size="12"'
    style = "<style>text{fill:currentColor;font-family:sans-serif}.grid{stroke:currentColor;opacity:.2}</style>"
    return f"{head}>\n<title>{escape(title)}</title>{style}\n" + "\n".join(parts) + "\n</svg>"


def _label(text: str, y: float) -> str:
    return f'<text x="{_LABEL - 8}" y="{y + 14}" text-anchor="end">{escape(text)}</text>'


def _legend(place: int, name: str) -> str:
    y, colour = place * _LEGEND, COLOURS[place % len(COLOURS)]
    square = f'<rect x="10" y="{y + 3}" width="10" height="10" fill="{colour}"/>'
    return f'{square}<text x="25" y="{y + 12}">{escape(name)}</text>'


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.3g}"
