"""The page itself: headings, tables and charts, in one file that loads nothing, and fits a phone."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; }
h1 { font-size: 1.5rem; } h2 { border-top: 1px solid var(--line); font-size: 1.2rem; padding-top: 1rem; }
h3 { font-size: 1rem; margin-bottom: .2rem; overflow-wrap: anywhere; }
nav a { display: inline-block; margin-right: 1rem; padding: .2rem 0; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .85rem; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .6rem .25rem 0; text-align: left; white-space: nowrap; }
td.number, th.number { font-variant-numeric: tabular-nums; text-align: right; }
svg { display: block; height: auto; max-width: 34rem; width: 100%; } .note { color: #8a8a8a; }
summary { cursor: pointer; padding: .4rem 0; }
.passed { fill: #009e73; } .warned { fill: #e69f00; } .failed { fill: #d55e00; }
"""


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        name: Its heading.
        parts: HTML of what it holds.
    """

    name: str
    parts: tuple[str, ...]

    @property
    def anchor(self) -> str:
        """What a link to it says.

        Example:
            >>> Section("Tables and views", ()).anchor
            'tables-and-views'
        """
        return self.name.lower().replace(" ", "-")


def page(title: str, note: str, sections: Sequence[Section]) -> str:
    """Write the page.

    Args:
        title: Its title.
        note: A sentence below it.
        sections: Its parts, in order.
    """
    links = "".join(f'<a href="#{section.anchor}">{escape(section.name)}</a>' for section in sections)
    body = "\n".join(
        f'<section id="{section.anchor}">\n<h2>{escape(section.name)}</h2>\n'
        + "\n".join(section.parts)
        + "\n</section>"
        for section in sections
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n<p>{escape(note)}</p>\n<nav>{links}</nav>\n{body}\n</body>\n</html>\n"
    )


def heading(text: str) -> str:
    """Write a smaller heading.

    Example:
        >>> heading("a < b")
        '<h3>a &lt; b</h3>'
    """
    return f"<h3>{escape(text)}</h3>"


def folded(summary: str, inner: str) -> str:
    r"""Hide what is long behind a line that opens it.

    Example:
        >>> folded("3 views", "<p>all</p>")
        '<details><summary>3 views</summary>\n<p>all</p></details>'
    """
    return f"<details><summary>{escape(summary)}</summary>\n{inner}</details>"


def note(text: str) -> str:
    """Write a sentence of what is or is not there."""
    return f'<p class="note">{escape(text)}</p>'


def table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Write rows as a table that is scrolled by itself where the screen is narrow.

    Example:
        >>> table([{"name": "orders", "rows": 1200}], ("name", "rows")).count("<td")
        2
    """
    some = list(rows)
    right = [any(isinstance(row.get(column), int | float) for row in some) for column in columns]
    kinds = [' class="number"' if each else "" for each in right]
    head = "".join(f"<th{kind}>{escape(column)}</th>" for kind, column in zip(kinds, columns, strict=True))
    lines = [
        "".join(f"<td{kind}>{_cell(row.get(column))}</td>" for kind, column in zip(kinds, columns, strict=True))
        for row in some
    ]
    body = "".join(f"<tr>{line}</tr>\n" for line in lines)
    return f'<div class="wide"><table>\n<tr>{head}</tr>\n{body}</table></div>'


def _cell(value: object) -> str:
    if value is None or value == "":
        return "-"
    return f"{value:,}" if isinstance(value, int) else escape(str(value))
