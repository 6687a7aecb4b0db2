"""Questions answered bucket by bucket, against the same functions over whole tables."""

from __future__ import annotations

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from riskloom.errors import LakeError
from riskloom.lake.bucketed.follow import follow
from riskloom.lake.bucketed.table import Layout, snapshot
from riskloom.lake.tasks import InProcess
from riskloom.testing import assert_tables_equal, generators
from riskloom.testing.rows import events_table, spine_table
from riskloom.testing.samples import every_feature
from riskloom.windows import bucketed, compute
from riskloom.windows.bucketed import Request, Windowed, answers
from riskloom.windows.gold import gold_layout
from riskloom.windows.tables import INSTANT

VIEW = every_feature(keys=("user", "account"), windows=("5m",))
PLAIN = Layout(
    schema=pa.schema(
        [
            ("user", pa.string()),
            ("account", pa.int64()),
            ("event_ts", INSTANT),
            ("available_ts", INSTANT),
            ("units", pa.int64()),
        ]
    ),
    keys=("user", "account"),
    time="event_ts",
    ties=("available_ts",),
)


@pytest.fixture(params=[2])
def stream(request, tmp_path, monkeypatch):
    """Events and a spine, and the same events as tables of many buckets, in files of several commits."""
    monkeypatch.setattr("riskloom.lake.bucketed.buckets.ROWS_WANTED", 25)
    monkeypatch.setattr("riskloom.lake.bucketed.build.ROWS_WANTED", 25)
    monkeypatch.setattr(bucketed, "SPINE_ROWS", 9)
    rows = generators.random_events(VIEW, request.param, size=200)
    events, spine = events_table(VIEW, rows), spine_table(VIEW, generators.random_spine(VIEW, request.param, 60, rows))
    source = tmp_path / "silver" / "events"
    for part in (events.slice(0, 150), events.slice(150)):
        write_deltalake(str(source), part, mode="append", configuration={"delta.enableChangeDataFeed": "true"})
        for name, layout in (("windows", gold_layout(VIEW)), ("plain", PLAIN)):
            follow(source, tmp_path / "gold" / name, layout, InProcess())
    return tmp_path / "gold", events, spine


def test_all_questions_at_once_are_answered_alike(stream):
    folder, events, spine = stream
    assert len(snapshot(folder / "windows").buckets.names) > 3
    some = [feature.name for feature in VIEW.features][::5]
    requests = [
        Request(path=folder / "windows", question=Windowed.of(VIEW, names), spine=rows)
        for names, rows in ((None, spine), (some, spine), (some, spine.slice(7)))
    ]
    whole = compute(VIEW, events, spine)
    wanted = [whole, whole.select(some), compute(VIEW, events, spine.slice(7), some)]
    for found, expected in zip(answers(InProcess(), requests), wanted, strict=True):
        assert_tables_equal(found.combine_chunks(), expected.combine_chunks())


def test_an_empty_spine_has_empty_answers(stream):
    folder, events, spine = stream
    none = spine.slice(0, 0)
    request = Request(path=folder / "windows", question=Windowed.of(VIEW), spine=none)
    (found,) = answers(InProcess(), [request])
    assert_tables_equal(found.combine_chunks(), compute(VIEW, events, none).combine_chunks())


def test_a_table_that_cannot_answer_is_refused(stream):
    folder, _, spine = stream
    for name, text in (
        (
            "nowhere",
            f"there is no table gold.nowhere ({folder / 'nowhere'}). Run `riskloom run` for an interval first.",
        ),
        (
            "plain",
            f"table gold.plain ({folder / 'plain'}) is not laid out as its view declares. "
            "Run `riskloom run` for an interval, which writes it anew.",
        ),
    ):
        with pytest.raises(LakeError) as raised:
            answers(InProcess(), [Request(path=folder / name, question=Windowed.of(VIEW), spine=spine)])
        assert str(raised.value) == text
