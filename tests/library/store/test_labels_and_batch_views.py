"""Batch views by the as-of rule, labels as they were known, and training sets that are kept."""

from __future__ import annotations

import json
import logging
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from deltalake import DeltaTable

from riskloom.cli import main
from riskloom.errors import DeclarationError, LakeError, ProjectError, StoreError
from riskloom.intervals import to_micros
from riskloom.lake.erasures import Erasure, keep, record
from riskloom.store import size
from riskloom.store.manifest import Manifest
from riskloom.store.register import register
from riskloom.store.repo import open_store
from riskloom.store.reproduce import reproduce
from riskloom.store.training import build_training_set
from riskloom.windows.tables import INSTANT
from tests.library.store.conftest import at, event
from tests.library.store.known import make_known, profile, report, spine

pytestmark = pytest.mark.feast


def whole(text):
    return f"^{re.escape(text)}$"


@pytest.fixture
def known(make_shop):
    return make_known(make_shop().root)


def test_a_batch_view_gives_the_latest_valid_row(known):
    rows = spine([-1, 0, 9.99, 10, 70, 70.01, 60])
    frame = build_training_set("profile_v1", rows, project=known.root, output="arrow")
    # At its own instant in, at the ttl's end in, past it out; of tied times the last one created.
    assert frame["tier"].to_pylist() == [None, "new", "new", "silver", "silver", None, "silver"]
    assert frame["limit"].to_pylist() == [None, 1, 1, 1, 1, None, 1]
    assert frame["since"].type == INSTANT
    pandas = build_training_set("profile_v1", rows, project=known.root)
    assert pandas["limit"].dtype == "Int64"
    assert isinstance(
        build_training_set("profile_v1", pl.DataFrame(rows), project=known.root, output="polars"), pl.DataFrame
    )


def test_composite_keys_of_a_batch_view_are_never_put_together(known):
    rows = [
        {"device_id": device, "account_id": account, "event_timestamp": at(1)}
        for device, account in (("1", "23"), ("12", "3"), ("123", ""), ("1", None))
    ]
    frame = build_training_set("pair_profile_v1", rows, project=known.root, output="arrow")
    assert frame["trust"].to_pylist() == [0.1, 0.2, None, None]


def test_a_label_is_what_was_known_by_then(known):
    rows = spine([0, 1, 2, 0])

    def labels(**instant):
        built = build_training_set("user_v1", rows, project=known.root, labels=["confirmed"], output="arrow", **instant)
        return built["confirmed"].to_pylist()

    assert labels(label_as_of=at(29)) == [None, None, None, None]
    assert labels(label_as_of=at(30)) == [True, None, None, True]
    assert labels(label_as_of=at(89)) == [True, True, None, True]
    # The revocation is an event of its own, and goes before what it revokes once it is available.
    assert labels(label_as_of="2010-12-02") == [False, True, None, False]
    assert labels(label_maturity="39m") == [True, True, None, True]
    assert labels(label_maturity="38m") == [True, None, None, True]
    for instant in ({}, {"label_as_of": at(1), "label_maturity": "1h"}):
        with pytest.raises(StoreError, match=r"^labels need the instant by which they must have been available"):
            labels(**instant)
    with pytest.raises(ProjectError, match=whole("there is no label 'confirmd'. Did you mean 'confirmed'?")):
        build_training_set("user_v1", rows, project=known.root, labels=["confirmd"], label_as_of=at(1))


def test_rows_and_their_order_are_the_spines_whatever_the_kind_of_frame(known, tmp_path):
    rows = Random(6).choices([*spine([0, 1, 9.99, 70, 70.01, -5], row=1), *spine([5, 6], user_name=None, row=2)], k=40)
    rows = [{**row, "row": place} for place, row in enumerate(rows)]
    wanted = {"project": known.root, "labels": ["confirmed"], "label_maturity": "39m"}
    arrow = build_training_set("known_v1", rows, output="arrow", **wanted)
    assert arrow["row"].to_pylist() == list(range(40))
    polars = build_training_set("known_v1", pl.DataFrame(rows), output="polars", **wanted)
    assert polars.to_dicts() == arrow.to_pylist()
    pandas = build_training_set("known_v1", pd.DataFrame(rows), **wanted)
    assert pandas.astype(object).where(pandas.notna(), None).to_dict("list") == arrow.to_pydict()
    for output in ("parquet", "delta"):
        path = build_training_set("known_v1", rows, output=output, out=tmp_path / output, **wanted)
        read = pq.read_table(path) if output == "parquet" else DeltaTable(str(path)).to_pyarrow_table()
        assert read.to_pylist() == arrow.to_pylist()


def test_features_of_labels_see_what_was_available_at_each_row(known):
    rows = spine([29, 30, 39, 40, 59])
    frame = build_training_set("reported_v1", rows, project=known.root, output="arrow")
    assert frame["confirmed_count_1h"].to_pylist() == [0, 1, 1, 2, 2]


def test_plain_feast_gives_batch_views_too(known):
    register(known.project)
    rows = spine([0, 70, 70.01, 10])
    ours = build_training_set("known_v1", rows, project=known.root)
    ours["event_timestamp"] = ours["event_timestamp"].astype("datetime64[ns, UTC]")
    store = open_store(known.repo)
    frame = pd.DataFrame(rows)
    theirs = store.get_historical_features(frame, store.get_feature_service("known_v1")).to_df()
    pd.testing.assert_frame_equal(ours, theirs[ours.columns])
    # Two retrievals at once share nothing.
    with ThreadPoolExecutor(4) as pool:
        both = list(
            pool.map(
                lambda part: store.get_historical_features(part, store.get_feature_service("known_v1")).to_df(),
                [frame.iloc[:2], frame.iloc[2:]] * 4,
            )
        )
    for place, found in enumerate(both):
        expected = ours.iloc[:2] if place % 2 == 0 else ours.iloc[2:].reset_index(drop=True)
        pd.testing.assert_frame_equal(found[ours.columns], expected)


def test_the_runner_is_chosen_by_size_and_says_why(known, caplog, monkeypatch):
    caplog.set_level(logging.INFO, "riskloom.training")
    build_training_set("profile_v1", spine([1]), project=known.root)
    assert caplog.messages == ["runner in_process: about 0.00 GiB in memory for 1 table, within 4 GiB."]
    monkeypatch.setattr(size, "MOST_BYTES", 1)
    made_of = build_parts(known, "profile_v1")
    chosen = size.choose("auto", made_of, spine([1]), "pandas")
    assert chosen == size.Choice("spark", "about 0.00 GiB in memory for 1 table, more than 0 GiB.")
    assert size.choose("in_process", made_of, spine([1]), "pandas").why == "it was asked for."


def build_parts(known, service):
    from riskloom.store.parts import parts_of

    return parts_of(known.project, service)


def kept(known, folder, output="parquet", service="known_v1"):
    path = build_training_set(
        service,
        spine([1, 10, 0, 0]),
        project=known.root,
        labels=["confirmed"],
        label_as_of=at(35),
        output=output,
        out=folder,
    )
    return path, Manifest.read(folder).data


@pytest.mark.parametrize("output", ["parquet", "delta"])
def test_a_kept_training_set_is_reproduced_after_its_tables_have_moved_on(known, tmp_path, output):
    path, manifest = kept(known, tmp_path / "set", output)
    read = pq.read_table(path) if output == "parquet" else DeltaTable(str(path)).to_pyarrow_table()
    assert read["confirmed"].to_pylist() == [None, None, True, True]
    assert manifest["rows"] == 4
    assert manifest["runner"] == "in_process"
    assert [part["table"] for part in manifest["parts"]] == [
        "gold/user_logins",
        "batch/user_profile",
        "batch/pair_profile",
        "silver/reports",
    ]
    # Corrections, later labels, another declaration: none of it matters.
    known.profiles([profile(0, "corrected")])
    known.reports([report(0, 30, False)])
    known.write([event(0)])
    known.redeclare('windows=("5m", "1h"),', 'windows=("1h", "2h"),')
    again = reproduce(known.project.settings, tmp_path / "set", tmp_path / "again")
    assert again.as_text() == "Same bytes."
    assert again.as_data() == {
        "same_bytes": True,
        "rows": 4,
        "equal": 4,
        "erased": 0,
        "changed": 0,
        "read_instead": [],
        "other_versions": {},
    }
    if output == "parquet":
        assert (tmp_path / "again" / "training_set.parquet").read_bytes() == path.read_bytes()


def test_an_erasure_and_a_correction_are_told_apart(known, tmp_path):
    known.write([event(0), event(0, user_name="bob", event_id="b"), event(0, user_name="eve", event_id="e")])
    rows = [{"user_name": name, "event_timestamp": at(5)} for name in ("ann", "bob", "eve")]
    build_training_set("user_v1", rows, project=known.root, output="parquet", out=tmp_path / "set")
    gold = DeltaTable(str(known.lake.gold("user_logins")))
    pinned = gold.version()
    known.write([event(0), event(0, user_name="eve", event_id="e", action="failed")])
    gold = DeltaTable(str(known.lake.gold("user_logins")))
    gold.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    bob = Erasure(erasure_id="1", source="logins", keys={"user_name": keep("bob", None)}, until=to_micros(at(9)))
    record(known.lake, bob, to_micros(at(9)))
    again = reproduce(known.project.settings, tmp_path / "set")
    assert (again.rows, again.equal, again.erased, again.changed) == (3, 1, 1, 1)
    assert again.as_text() == (
        f"table gold.user_logins: version {pinned} can no longer be read; version {pinned + 1} is the first that can.\n"
        "Not the same bytes: 1 of 3 rows equal, 1 erased, 1 changed."
    )
    for file in known.lake.gold("user_logins").glob("*.parquet"):
        file.unlink()
    message = (
        f"table gold.user_logins ({known.lake.gold('user_logins')}): neither version {pinned} nor a later one can be read: "
        "files of each are missing. Restore them from a copy, or rebuild the table and build the training set anew."
    )
    with pytest.raises(LakeError, match=whole(message)):
        reproduce(known.project.settings, tmp_path / "set")


def test_a_damaged_manifest_is_refused(known, tmp_path):
    folder = tmp_path / "set"
    kept(known, folder)
    (folder / "notes.txt").write_text("mine")
    message = f"{folder} holds other files (notes.txt). Give a new folder, or one of a training set."
    with pytest.raises(StoreError, match=whole(message)):
        kept(known, folder)
    shutil.copy(folder / "rows.parquet", folder / "spine.parquet")
    message = (
        f"manifest {folder}/manifest.json: spine.parquet is not the file that was written with it. "
        "Restore the folder from a copy, or build the training set anew."
    )
    with pytest.raises(StoreError, match=whole(message)):
        reproduce(known.project.settings, folder)
    (folder / "manifest.json").write_text(json.dumps({"format": 9}))
    with pytest.raises(StoreError, match=r"manifest.json: it is not of format 1\. Restore"):
        reproduce(known.project.settings, folder)
    message = f"there is no manifest {tmp_path}/none. Give manifest.json of a training set that was kept with out=."
    with pytest.raises(StoreError, match=whole(message)):
        reproduce(known.project.settings, tmp_path / "none")


def test_what_a_batch_table_lacks_is_named(known):
    path = known.lake.root / "batch" / "user_profile"
    rows = spine([1])
    known.edit('"limit": "int64"', '"limits": "int64"', file="known.py")
    with pytest.raises(
        StoreError,
        match=whole(f"view 'user_profile': the table {path} has no column 'limits'. Did you mean 'limit'?"),
    ):
        build_training_set("profile_v1", rows, project=known.root)
    known.edit('"limits": "int64"', '"limit": "string"', file="known.py")
    with pytest.raises(
        StoreError,
        match=whole("the table of view 'user_profile': column 'limit' is int64, but string is needed. Cast it before."),
    ):
        build_training_set("profile_v1", rows, project=known.root)
    known.edit('timestamp="written_ts", created', 'timestamp="limit", created', file="known.py")
    known.edit('"limit": "string"', '"other": "string"', file="known.py")
    shutil.rmtree(path)
    with pytest.raises(
        StoreError,
        match=whole(
            f"view 'user_profile' has no Delta table at {path}. Run the job that writes it, or correct the view's table=."
        ),
    ):
        build_training_set("profile_v1", rows, project=known.root)


def test_declarations_that_would_leak_or_can_not_be_kept_are_refused(known):
    known.edit('value="confirmed")', 'value="confirmed", delay="3d")', file="known.py")
    with pytest.raises(
        DeclarationError,
        match=whole(
            "view 'user_reports' reads source 'reports', whose label 'confirmed' has an availability of its own, which "
            "the view would not see: it would leak. Give the source that available= or delay=, and leave it out of the "
            "label."
        ),
    ):
        _ = known.project
    known.edit(', delay="3d")', ")", file="known.py")
    known.edit('windows=("5m", "1h"),', 'windows=("5m", "1h", "500d"),')
    with pytest.raises(
        DeclarationError,
        match=whole(
            "view 'user_logins': its windows reach 501d back, but table versions are kept for 400d. "
            "Shorten the window, or set [tables] retention in riskloom.toml."
        ),
    ):
        _ = known.project
    (known.root / "riskloom.toml").write_text('[project]\nname = "shop"\n[tables]\nretention = "502d"\n')
    assert known.project.settings.retention == "502d"


def test_the_command_builds_and_reproduces(known, tmp_path):
    runner, out = CliRunner(), tmp_path / "set"
    file = tmp_path / "spine.csv"
    file.write_text("user_name,event_timestamp,row\nann,2010-12-01T08:10:00Z,1\nann,2010-12-01T08:00:00Z,2\n")

    def call(*arguments):
        return runner.invoke(main, ["--project", str(known.root), "training-set", *map(str, arguments)])

    built = call(
        "build", "profile_v1", "--spine", file, "--out", out, "--label", "confirmed", "--label-as-of", "2010-12-02"
    )
    assert built.output == (
        "2 rows by the in_process runner: about 0.00 GiB in memory for 2 tables, within 4 GiB.\n"
        f"Wrote {out}. To compute it again: riskloom training-set reproduce {out}/manifest.json\n"
    )
    assert pq.read_table(out / "training_set.parquet")["confirmed"].to_pylist() == [None, False]
    again = call("reproduce", out / "manifest.json")
    assert (again.exit_code, again.output) == (0, "Same bytes.\n")
    assert json.loads(call("reproduce", out, "--json").output)["same_bytes"]
    for arguments, text in (
        (
            ("build", "profile_v1", "--spine", "none.csv", "--out", out),
            "there is no spine none.csv. Give a Parquet or CSV file of entity keys and event_timestamp.",
        ),
        (
            ("build", "profile_v1", "--spine", "spine.txt", "--out", out),
            "the spine spine.txt is none of .parquet, .csv. Convert it.",
        ),
        (
            ("build", "profile_v2", "--spine", file, "--out", out),
            "there is no service 'profile_v2'. Did you mean 'profile_v1'?",
        ),
    ):
        done = call(*arguments)
        assert (done.exit_code, done.stderr) == (1, f"error: {text}\n")
