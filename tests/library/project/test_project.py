"""Project.load: what it finds, and what it refuses, with the whole text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from riskloom.errors import DeclarationError, ProjectError
from riskloom.project import Project
from riskloom.template.write import write_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path):
    write_project(tmp_path / "shop")
    return tmp_path / "shop"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def refused(root: Path) -> str:
    with pytest.raises((ProjectError, DeclarationError)) as caught:
        Project.load(root)
    return str(caught.value)


def test_a_project_finds_what_its_folders_declare(root):
    project = Project.load(root)
    assert list(project.entities) == ["user"]
    assert list(project.sources) == ["logins"]
    assert list(project.views) == ["user_logins"]
    assert list(project.services) == ["login_check_v1"]
    assert list(project.suites) == ["logins"]
    assert project.settings.lake == root / ".riskloom/lake"


@pytest.mark.parametrize("place", ["beside", "inside"])
def test_two_projects_in_one_process_do_not_mix(root, tmp_path, place):
    other = tmp_path / "other" if place == "beside" else root / "demo" / "other"
    write_project(other)
    edit(other / "features/logins.py", 'name="user_logins"', 'name="other_logins"')
    edit(other / "features/logins.py", 'features=("user_logins",)', 'features=("other_logins",)')
    assert list(Project.load(root).views) == ["user_logins"]
    assert list(Project.load(other).views) == ["other_logins"]
    assert list(Project.load(root).views) == ["user_logins"]


def test_the_environment_moves_the_lake(root, tmp_path, monkeypatch):
    monkeypatch.setenv("RISKLOOM_LAKE", str(tmp_path / "lake"))
    assert Project.load(root).settings.lake == tmp_path / "lake"


def test_a_folder_without_settings_is_no_project(tmp_path):
    assert refused(tmp_path) == (
        f"{tmp_path} is not a Riskloom project: it has no riskloom.toml. Run `riskloom init DIR`, or pass --project DIR."
    )


def test_an_unknown_setting_is_refused(root):
    edit(root / "riskloom.toml", "lake =", "lakes =")
    assert refused(root) == f"{root}/riskloom.toml: [paths] has no key 'lakes'. Did you mean 'lake'?"


def test_a_missing_folder_is_refused(root):
    for path in (root / "expectations").iterdir():
        path.unlink()
    (root / "expectations").rmdir()
    assert refused(root) == (
        f"{root}/expectations: the folder is missing. Create it, or run `riskloom init` for a whole project."
    )


def test_a_typo_names_the_file_and_the_nearest_name(root):
    edit(root / "features/logins.py", 'count_distinct("address")', 'count_distinct("adress")')
    assert refused(root) == (
        "features/logins.py: view 'user_logins', count_distinct(adress): there is no column 'adress'. Did you mean 'address'?"
    )


def test_a_module_that_does_not_import_is_named(root):
    edit(root / "features/logins.py", "from riskloom import Csv, Entity,", "from riskloom import Csv, Entitty,")
    assert refused(root).startswith("features/logins.py: it does not import: ImportError: cannot import name 'Entitty'")


def test_a_service_that_asks_for_an_unknown_view_is_refused(root):
    edit(root / "features/logins.py", 'features=("user_logins",)', 'features=("user_login",)')
    assert refused(root) == "service 'login_check_v1': there is no view 'user_login'. Did you mean 'user_logins'?"


def test_a_service_that_asks_for_an_unknown_feature_is_refused(root):
    edit(root / "features/logins.py", 'features=("user_logins",)', 'features=("user_logins:events_count_1w",)')
    assert refused(root).startswith(
        "service 'login_check_v1', view 'user_logins': there is no feature 'events_count_1w'. Did you mean 'events_count_1"
    )


def test_two_views_with_one_feature_name_are_refused(root):
    text = (root / "features/logins.py").read_text()
    copy = text[text.index("user_logins = ") : text.index("login_check_v1")].replace("user_logins", "again_logins")
    (root / "features/logins.py").write_text(
        text.replace("login_check_v1 = ", f"{copy}\nlogin_check_v1 = ").replace(
            '("user_logins",)', '("user_logins", "again_logins")'
        )
    )
    assert refused(root) == (
        "service 'login_check_v1': the feature name 'events_count_1h' comes from user_logins and again_logins. "
        "Set full_feature_names=True on the service, or select features so that each name comes once."
    )


def test_two_declarations_with_one_name_are_refused(root):
    (root / "features/more.py").write_text(
        'from riskloom import Entity\n\nuser = Entity.of("user", user_name="string", description="x")\n'
    )
    assert (
        refused(root)
        == "entity 'user' is declared in both features/logins.py and features/more.py. Rename one of them."
    )


def test_a_transform_that_is_not_there_is_refused(root):
    edit(root / "features/logins.py", '"logins:to_events"', '"logins:to_event"')
    assert refused(root) == (
        "source 'logins': transform 'logins:to_event' names no function of transforms/logins.py (there: to_events)."
    )


def test_a_transform_module_that_is_not_there_is_refused(root):
    edit(root / "features/logins.py", '"logins:to_events"', '"login:to_events"')
    assert (
        refused(root)
        == "source 'logins': transform 'login:to_events' names no file of transforms/ (there: __init__, logins)."
    )


def test_a_suite_of_an_unknown_source_is_refused(root):
    edit(root / "expectations/logins.py", 'source="logins"', 'source="login"')
    assert refused(root) == "suite 'login': there is no source 'login'. Did you mean 'logins'?"


@pytest.mark.parametrize(
    ("name", "source", "to", "text"),
    [
        ("known", "logins", "name", "there is no column 'name'. Did you mean 'user_name'?"),
        ("known", "accounts", "name", "there is no source 'accounts'. Available: logins."),
        ("address", "logins", "user_name", "the source has a column of this name. Give another one."),
    ],
)
def test_a_reference_to_what_is_not_there_is_refused(root, name, source, to, text):
    path = root / "expectations/logins.py"
    edit(path, "import Expectation,", "import Expectation, Reference,")
    reference = f'Reference(name="{name}", column="user_name", source="{source}", to="{to}")'
    edit(path, "    rows=(", f"    references=({reference},),\n    rows=(")
    assert refused(root) == f"suite 'logins', reference '{name}': {text}"


def test_init_refuses_a_folder_that_holds_files(root):
    with pytest.raises(ProjectError) as caught:
        write_project(root)
    assert str(caught.value) == f"{root} is not empty. Name a new or empty folder."
