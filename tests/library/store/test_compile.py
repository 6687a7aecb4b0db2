from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from riskloom import Entity, EventSource, FeatureView, aggregate
from riskloom.errors import StoreError
from riskloom.project import Project
from riskloom.settings import Settings
from riskloom.store.compile import definitions, named
from riskloom.store.source import DeltaSource
from riskloom.store.state import fingerprint

pytestmark = pytest.mark.feast


def test_views_entities_and_services_become_feasts(make_shop):
    found = definitions(make_shop().project)
    assert [(type(part).__name__, part.name) for part in found] == [
        ("Entity", "user_name"),
        ("Entity", "device_id"),
        ("Entity", "account_id"),
        ("Entity", "number"),
        ("FeatureView", "user_logins"),
        ("FeatureView", "pair_logins"),
        ("FeatureView", "number_logins"),
        ("FeatureService", "login_v1"),
        ("FeatureService", "user_v1"),
        ("FeatureService", "pair_v1"),
        ("FeatureService", "number_v1"),
    ]
    pair = found[5]
    assert pair.entities == ["device_id", "account_id"]
    assert [field.name for field in pair.features] == ["events_count_1h", "events_count_5m", "action_count_distinct_1h"]
    assert found[7].tags["riskloom_full_feature_names"] == "true"
    assert set(named(make_shop().project)) >= {"Entity_user_name", "FeatureView_user_logins", "FeatureService_user_v1"}


def test_a_source_comes_back_from_the_registry_as_it_went(make_shop):
    project = make_shop().project
    view = project.view("user_logins")
    source = DeltaSource.of(view, "../lake/gold/user_logins")
    back = DeltaSource.from_proto(source.to_proto())
    assert back == source
    assert back.view == view
    assert dict(back.get_table_column_names_and_types(None))["events_count_5m"] == "int64"
    assert back.source_datatype_to_feast_value_type()("float64").name == "DOUBLE"
    assert DeltaSource.of(view, "elsewhere") != source
    # `feast plan` and the registry's pages show a source as JSON.
    assert json.loads(str(source))["name"] == "user_logins"


def test_a_table_outside_the_project_is_named_absolutely(make_shop, tmp_path, monkeypatch):
    monkeypatch.setenv("RISKLOOM_LAKE", str(tmp_path / "lake"))
    found = {part.name: part for part in definitions(make_shop().project)}
    assert json.loads(found["user_logins"].batch_source.configuration)["table"] == str(
        tmp_path / "lake" / "gold" / "user_logins"
    )


def view_by(entity: Entity, **columns: str) -> FeatureView:
    source = EventSource(name="logins", files="*.log", transform="logins:to_events", columns=columns)
    return FeatureView(
        name=f"{entity.name}_logins", entity=entity, source=source, windows=("1h",), aggregations=(aggregate.count(),)
    )


def project_of(*views: FeatureView) -> Project:
    place = Path("/nowhere")
    settings = Settings(name="p", lake=place, data=place, feature_repo=place, state=place)
    return Project(place, settings, views={view.name: view for view in views})


def test_a_key_that_feast_cannot_serve_is_refused():
    project = project_of(view_by(Entity.of("night", night="bool"), night="bool"))
    message = "entity 'night': key 'night' is bool, which Feast cannot serve exactly. Use string or int64."
    with pytest.raises(StoreError, match=f"^{re.escape(message)}$"):
        definitions(project)
    first = view_by(Entity.of("first", number="string"), number="string")
    second = view_by(Entity.of("second", number="int64"), number="int64")
    message = (
        "key 'number' is string in one entity and int64 in another, but Feast knows a key by its name. Rename one."
    )
    with pytest.raises(StoreError, match=f"^{re.escape(message)}$"):
        definitions(project_of(first, second))


def test_a_fingerprint_changes_with_what_changes_a_value_alone():
    entity = Entity.of("user", user_name="string")
    view = view_by(entity, user_name="string")
    described = view_by(Entity.of("user", user_name="string", description="Who."), user_name="string", other="int64")
    assert fingerprint(view) == fingerprint(described)
    longer = FeatureView(
        name=view.name, entity=entity, source=view.source, windows=("2h",), aggregations=view.aggregations
    )
    assert fingerprint(view) != fingerprint(longer)


def test_neither_trainer_nor_scorer_brings_a_jvm_or_a_scheduler():
    # One process for all: Feast's import costs seconds.
    rooms = ("client", "online", "offline", "engine", "training", "register", "materialize")
    code = (
        f"import sys, {', '.join(f'riskloom.store.{room}' for room in rooms)}\n"
        "heavy = {'pyspark', 'delta', 'airflow', 'great_expectations'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
