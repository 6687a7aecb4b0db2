"""Site: where a source's Data Docs are, and the one page that leads to all of them."""

from __future__ import annotations

import tempfile
from html import escape
from pathlib import Path
from urllib.parse import quote

SITE_FOLDER = "data_docs"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Data Docs</title></head>
<body><h1>Data Docs</h1><p>Validations by source, the newest first. Counts only: no page shows a value of a row.</p>
<ul>
{links}
</ul></body></html>
"""
_LINK = '<li><a href="{page}">{name}</a></li>'


def context_folder(state: Path, source: str) -> Path:
    """Give the folder of a source's context: one a source, so that gates of two sources share no file."""
    return state / "gx" / source


def write_index(state: Path) -> Path:
    """Write the page that lists each source's Data Docs, in one replacement.

    Args:
        state: The project's state folder.

    Returns:
        The page.
    """
    root = state / "gx"
    sources = sorted(page.parent.parent.name for page in root.glob(f"*/{SITE_FOLDER}/index.html"))
    links = "\n".join(
        _LINK.format(page=f"{quote(name)}/{SITE_FOLDER}/index.html", name=escape(name)) for name in sources
    )
    page = root / "index.html"
    with tempfile.NamedTemporaryFile("w", dir=root, suffix=".html.part", delete=False, encoding="utf-8") as handle:
        handle.write(_PAGE.format(links=links))
    return Path(handle.name).replace(page)
