"""Agreement: what a project made of simulated logs, held to the list of what is wrong with them and to the truth.

Each line on the list must have come to what the list says, and every other line to an undamaged event; the events must
be those that really happened, column by column, but for those of which a damaged line lost something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from demo.catalogue.derived import with_derived
from demo.simulate.errors import SimulationError
from demo.simulate.raw.logs import LAYOUTS
from riskloom.lake import ops, tables
from riskloom.lake.paths import Lake

if TYPE_CHECKING:
    from pathlib import Path

    from riskloom.project import Project

_PLACE = ("file", "line")
_NOTHING, _PARSED = "NOTHING", "PARSED"
_SHOWN = 3
# What the list says, where more than one outcome is right: of two lines that are one event, either stands for it.
_RIGHT = {"DUPLICATE": (_NOTHING, _PARSED), "SKIPPED header": (_NOTHING,), "SKIPPED blank": (_NOTHING,)}


def faults(project: Project, folder: Path) -> dict[str, list[str]]:
    """Compare what is in a project's tables with the truth of the simulation that it was run on.

    Args:
        project: The project, its sources run on ``folder/raw``.
        folder: The simulation's.

    Returns:
        For each source what differs, a sentence each; none where all is as it must be.
    """
    path = folder / "truth" / "mess.csv"
    if not path.is_file():
        raise SimulationError.not_a_simulation(folder)
    listed = pc_csv.read_csv(path)
    happened = {path.name for path in (folder / "truth" / "events").iterdir()}
    sources = [source for source in LAYOUTS if source in project.sources and source in happened]
    return {source: _of_source(project, folder, source, listed) for source in sources}


def listed_of(source: str, listed: pa.Table) -> pa.Table:
    """Give the part of the list that is about a source."""
    return listed.filter(pc.starts_with(listed["file"], f"{source}/"))


def _of_source(project: Project, folder: Path, source: str, listed: pa.Table) -> list[str]:
    lake, mess = Lake(project.settings.lake), listed_of(source, listed)
    files = _files(lake, source)
    refused = _placed(tables.read(lake.quarantine(source), ["file_hash", "line_no", "reason"]), files)
    parts = sorted((folder / "truth" / "events" / source).iterdir())
    truth = with_derived(project.source(source), pa.concat_tables([pq.read_table(part) for part in parts]))
    columns = ["event_ts", *(name for name in project.source(source).columns if name in truth.column_names)]
    silver = _placed(tables.read(lake.silver(source), ["file_hash", "line_no", "repair_codes", *columns]), files)
    run = {one.source: one for one in ops.runs(lake)}[source]
    return [
        *mess_faults(outcomes(silver, refused), mess),
        *_count_faults(run, mess),
        *truth_faults(silver, truth, mess, columns),
    ]


def _files(lake: Lake, source: str) -> pa.Table:
    read = tables.read(lake.bronze(source), ["file", "file_hash"])
    return read.group_by(["file", "file_hash"]).aggregate([])


def _placed(rows: pa.Table, files: pa.Table) -> pa.Table:
    """Say of each row which line of which file it comes from."""
    where = pc.index_in(rows["file_hash"], value_set=files["file_hash"].combine_chunks())
    return rows.append_column("file", files["file"].take(where)).append_column("line", rows["line_no"])


def outcomes(silver: pa.Table, refused: pa.Table) -> pa.Table:
    """Say what each line came to that came to something.

    Args:
        silver: Events: file, line, repair_codes.
        refused: Rejects: file, line, reason.

    Returns:
        file, line, outcome: ``PARSED``, ``REPAIRED <codes>`` or ``QUARANTINED <reason>``; a row a line.
    """
    codes = pc.binary_join(silver["repair_codes"].cast(pa.list_(pa.string())), " ")
    repaired = pc.binary_join_element_wise("REPAIRED", codes, " ")
    events = pc.if_else(pc.greater(pc.binary_length(pc.fill_null(codes, "")), 0), repaired, _PARSED)
    rejects = pc.binary_join_element_wise("QUARANTINED", refused["reason"], " ")
    both = pa.concat_tables(
        [
            silver.select(_PLACE).append_column("outcome", events),
            refused.select(_PLACE).append_column("outcome", rejects),
        ]
    )
    one = both.group_by(list(_PLACE)).aggregate([("outcome", "max")])
    return one.select([*_PLACE, "outcome_max"]).rename_columns([*_PLACE, "outcome"])


def mess_faults(found: pa.Table, mess: pa.Table) -> list[str]:
    """Say which lines came to something else than they should.

    Args:
        found: Of ``outcomes``.
        mess: The list: file, line, name, expected.

    Returns:
        A sentence a fault.
    """
    both = mess.select([*_PLACE, "name", "expected"]).join(found, list(_PLACE), join_type="left outer")
    both = both.set_column(both.column_names.index("outcome"), "outcome", pc.fill_null(both["outcome"], _NOTHING))
    wrong = [
        f"{row['file']}, line {row['line']}: {row['name']} is to be {row['expected']}, and is {row['outcome']}"
        for row in both.to_pylist()
        if row["outcome"] not in _RIGHT.get(row["expected"], (row["expected"],))
    ]
    others = found.join(mess.select(list(_PLACE)), list(_PLACE), join_type="left anti")
    others = others.filter(pc.not_equal(others["outcome"], _PARSED))
    wrong += [
        f"{row['file']}, line {row['line']}: it is not on the list, and is {row['outcome']}"
        for row in others.to_pylist()
    ]
    return _short(sorted(wrong))


def _short(wrong: list[str]) -> list[str]:
    more = len(wrong) - _SHOWN
    return [*wrong[:_SHOWN], f"and {more:,} more lines"] if more > 0 else wrong


def _count_faults(run: ops.RunRecord, mess: pa.Table) -> list[str]:
    listed = {name: pc.sum(pc.equal(mess["expected"], name)).as_py() or 0 for name in _RIGHT}
    counted = {"DUPLICATE": run.duplicates, "SKIPPED blank": run.blank, "SKIPPED header": run.header}
    return [
        f"{listed[name]:,} lines are to be {name}, and {number:,} are"
        for name, number in counted.items()
        if listed[name] != number
    ]


def truth_faults(silver: pa.Table, truth: pa.Table, mess: pa.Table, columns: list[str]) -> list[str]:
    """Say in what events differ from the truth, where no damaged line lost something of them.

    Args:
        silver: Events: file, line and the columns.
        truth: What really happened: event_id and the columns.
        mess: The list: file, line, event_id, loses.
        columns: What is compared.

    Returns:
        A sentence, or nothing.
    """
    losing = mess.filter(pc.equal(mess["loses"], 1))
    kept = silver.select([*_PLACE, *columns]).join(losing.select(list(_PLACE)), list(_PLACE), join_type="left anti")
    wanted = truth.filter(pc.invert(pc.is_in(truth["event_id"], value_set=losing["event_id"].combine_chunks())))
    if kept.num_rows != wanted.num_rows:
        return [f"{wanted.num_rows:,} events happened, and {kept.num_rows:,} were read"]
    found, wanted = (_sorted(table.select(columns)) for table in (kept, wanted))
    for name in columns:
        same = pc.fill_null(pc.equal(found[name], wanted[name]), False)
        same = pc.or_(same, pc.and_(pc.is_null(found[name]), pc.is_null(wanted[name])))
        if not pc.all(same).as_py():
            place = pc.index(same, False).as_py()
            return [f"{name} of an event is {found[name][place].as_py()!r}, and was {wanted[name][place].as_py()!r}"]
    return []


def _sorted(table: pa.Table) -> pa.Table:
    return table.sort_by([(name, "ascending") for name in table.column_names])
