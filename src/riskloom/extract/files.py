"""Which files a source reads for an interval."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from riskloom.errors import DeclarationError, ExtractError
from riskloom.intervals import DAY, HOUR, Interval, to_micros

if TYPE_CHECKING:
    from pathlib import Path

    from riskloom.declare import EventSource
    from riskloom.project import Project

_FIELDS = {
    "date": r"\d{4}-\d{2}-\d{2}",
    "yyyy": r"\d{4}",
    "mm": r"\d{2}",
    "dd": r"\d{2}",
    "hh": r"\d{2}",
}
_TOKENS = re.compile(r"\{(\w+)\}|([*?])")
_MOST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read.

    Attributes:
        path: Where it is.
        name: Its path below the data folder, with ``/``.
    """

    path: Path
    name: str


def matching(project: Project, source: EventSource, interval: Interval) -> tuple[InputFile, ...]:
    """List the files that hold a source's lines of an interval.

    Args:
        project: Says where the data folder is.
        source: Its pattern of files; one without date fields gives every file that matches.
        interval: Files whose stretch of time shares an instant with it are listed.

    Returns:
        Files sorted by name; none where files match, but none of them holds anything of the interval: a shop may
        rest on Saturdays.

    Raises:
        ExtractError: The data folder or the pattern's own folder is missing, or no file matches the pattern at all.
        DeclarationError: The pattern has fields that name no stretch of time.
    """
    return tuple(file for file, held in _stretches(project, source) if held is None or held.overlaps(interval))


def stretch(source: EventSource, name: str) -> Interval | None:
    """Say which stretch of time a file holds, by its path below the data folder; it need not be there any more.

    Returns:
        The stretch; None where the path does not say it.
    """
    return next(iter(_held(_compiled(source), source, name)), None)


def span(project: Project, source: EventSource) -> Interval | None:
    """Say which stretch of time a source's files hold in all.

    Args:
        project: Says where the data folder is.
        source: Its pattern of files; one without date fields says it by ``holds``.

    Returns:
        The shortest interval that covers every file; None where nothing says it.

    Raises:
        ExtractError: The data folder or the pattern's own folder is missing, or no file matches.
    """
    if not source.dated:
        return source.span
    held = [stretch for _, stretch in _stretches(project, source) if stretch is not None]
    return Interval(min(stretch.start for stretch in held), max(stretch.end for stretch in held))


def _stretches(project: Project, source: EventSource) -> list[tuple[InputFile, Interval | None]]:
    """Pair each file that matches with the stretch of time that its name says, None for undated ones."""
    data = project.settings.data
    pattern = _compiled(source)
    folder = _fixed_folder(data, source.files)
    if not folder.is_dir():
        raise ExtractError.missing_folder(source.name, folder)
    names = sorted(path.relative_to(data).as_posix() for path in data.glob(_glob(source.files)) if path.is_file())
    found = [(InputFile(data / name, name), held) for name in names for held in _held(pattern, source, name)]
    if not found:
        there = sorted(path.name for path in folder.iterdir() if path.is_file())
        shown = [*there[:_MOST_SHOWN], *(["..."] if len(there) > _MOST_SHOWN else [])]
        raise ExtractError.no_files(source.name, source.files, folder, shown)
    return found


def _fixed_folder(data: Path, files: str) -> Path:
    folder = data
    for part in files.split("/")[:-1]:
        if _TOKENS.search(part):
            break
        folder /= part
    return folder


def _glob(files: str) -> str:
    stars = _TOKENS.sub(lambda token: token[2] or "*", files.replace("[", "[[]"))
    # Two stars side by side would stand for folders.
    return re.sub(r"\*+", "*", stars)


def _compiled(source: EventSource) -> re.Pattern[str]:
    seen: set[str] = set()
    parts: list[str] = []
    position = 0
    for token in _TOKENS.finditer(source.files):
        parts.append(re.escape(source.files[position : token.start()]))
        parts.append(_token(token, seen))
        position = token.end()
    wrong = _unclear(seen)
    if wrong:
        raise DeclarationError.invalid(f"source {source.name!r}", f"files={source.files!r} {wrong}")
    return re.compile("".join([*parts, re.escape(source.files[position:])]))


def _token(token: re.Match[str], seen: set[str]) -> str:
    if token[2]:
        return "[^/]*" if token[2] == "*" else "[^/]"
    name = token[1]
    if name in seen:
        return f"(?P={name})"
    seen.add(name)
    return f"(?P<{name}>{_FIELDS[name]})"


def _unclear(fields: set[str]) -> str:
    day = "date" in fields or {"yyyy", "mm", "dd"} <= fields
    if "hh" in fields and not day:
        return "has {hh} without the day. Add {date}, or {yyyy}, {mm} and {dd}."
    if "date" not in fields and (("dd" in fields and "mm" not in fields) or ("mm" in fields and "yyyy" not in fields)):
        return "has a day without its month, or a month without its year. Add {mm} or {yyyy}."
    return ""


def _held(pattern: re.Pattern[str], source: EventSource, name: str) -> list[Interval | None]:
    """Give the stretch of time of a file that matches, None for an undated one; nothing for one that does not match."""
    match = pattern.fullmatch(name)
    # As in a shell, a star does not stand for the dot that hides a file: such files are half-written copies.
    if match is None or any(part.startswith(".") for part in name.split("/")):
        return []
    if not source.dated:
        return [None]
    stretch = _stretch(match.groupdict())
    return [stretch] if stretch is not None else []


def _stretch(fields: dict[str, str]) -> Interval | None:
    """Give the hour, day, month or year that a file's name says; None for a date that does not exist."""
    year, month, day = (
        fields["date"].split("-") if "date" in fields else (fields["yyyy"], fields.get("mm"), fields.get("dd"))
    )
    hour = fields.get("hh")
    try:
        start = datetime(int(year), int(month or 1), int(day or 1), int(hour or 0), tzinfo=UTC)
        if day:
            micros = to_micros(start)
            return Interval(micros, micros + (HOUR if hour else DAY))
        later = (start.year + 1, 1) if not month or start.month == 12 else (start.year, start.month + 1)  # noqa: PLR2004
        return Interval(to_micros(start), to_micros(datetime(*later, 1, tzinfo=UTC)))
    except ValueError:
        return None
