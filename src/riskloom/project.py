"""Project: import the five folders, cross-check what they declare, look it up by name."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from riskloom.declare import BatchFeatureView, Entity, EventSource, FeatureService, FeatureView, LabelSource, Suite
from riskloom.errors import DeclarationError, ProjectError, RiskloomError
from riskloom.intervals import format_duration, parse_duration
from riskloom.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from pyspark.sql import DataFrame

    from riskloom.declare import Feature, TableColumn

Declared = TypeVar("Declared")
DECLARATIONS = "features"
SUITES = "expectations"
TRANSFORMS = "transforms"
PACKAGES = (DECLARATIONS, SUITES, TRANSFORMS)


@dataclass(frozen=True, eq=False)
class Project:
    """Everything that a project declares, cross-checked.

    Attributes:
        root: Folder that holds ``riskloom.toml``.
        settings: Where data, tables and state are.
        entities: Entities by name.
        sources: Event sources by name.
        views: Windowed feature views by name.
        batch_views: Views of tables that hold features already, by name.
        labels: Label sources by name.
        services: Feature services by name.
        suites: Suites by the name of their source.
    """

    root: Path
    settings: Settings
    entities: dict[str, Entity] = field(default_factory=dict)
    sources: dict[str, EventSource] = field(default_factory=dict)
    views: dict[str, FeatureView] = field(default_factory=dict)
    batch_views: dict[str, BatchFeatureView] = field(default_factory=dict)
    labels: dict[str, LabelSource] = field(default_factory=dict)
    services: dict[str, FeatureService] = field(default_factory=dict)
    suites: dict[str, Suite] = field(default_factory=dict)

    @classmethod
    def load(cls, root: Path | str = ".") -> Project:
        """Import a project's folders, root first on the path, and check that they fit together.

        Args:
            root: Folder that holds ``riskloom.toml``.

        Raises:
            ProjectError: A folder is missing or hidden, a module does not import, a name is unknown or given twice.
            DeclarationError: A declaration contradicts itself.
        """
        place = Path(root).resolve()
        project = cls(place, Settings.read(place))
        _enter(place)
        suites: dict[type, dict[str, Any]] = {Suite: project.suites}
        for package, kinds in ((DECLARATIONS, project._declared()), (SUITES, suites)):
            collector = _Collector(kinds)
            for module, path in _modules(place, package):
                collector.take(module, path.relative_to(place))
        _check_views(project)
        _check_labels(project)
        _check_transforms(project)
        _check_services(project)
        _check_suites(project)
        return project

    def _declared(self) -> dict[type, dict[str, Any]]:
        return {
            Entity: self.entities,
            EventSource: self.sources,
            FeatureView: self.views,
            BatchFeatureView: self.batch_views,
            LabelSource: self.labels,
            FeatureService: self.services,
        }

    def source(self, name: str) -> EventSource:
        """Find a source, or say which name was probably meant."""
        return _find("source", name, self.sources)

    def view(self, name: str) -> FeatureView:
        """Find a view, or say which name was probably meant."""
        return _find("view", name, self.views)

    def label(self, name: str) -> LabelSource:
        """Find a label, or say which name was probably meant."""
        return _find("label", name, self.labels)

    def batch_table(self, view: BatchFeatureView) -> Path:
        """Give the folder of the table that a batch view reads."""
        return self.settings.lake / view.table

    def service(self, name: str) -> FeatureService:
        """Find a service, or say which name was probably meant."""
        return _find("service", name, self.services)

    def suite(self, source: str) -> Suite | None:
        """Give the suite of a source, if it has one."""
        return self.suites.get(source)

    def views_of(self, source: str) -> tuple[FeatureView, ...]:
        """Give the views that read a source, in the order of declaration."""
        return tuple(view for view in self.views.values() if view.source.name == source)

    def service_features(self, name: str) -> tuple[tuple[FeatureView, tuple[Feature, ...]], ...]:
        """Give the windowed features of a service by view, each in the order in which the service names them."""
        return tuple(
            (self.views[view], tuple(cast("Feature", self._feature(name, view, feature)) for feature in features))
            for view, features in self._chosen(name).items()
            if view in self.views
        )

    def service_columns(self, name: str) -> tuple[tuple[BatchFeatureView, tuple[TableColumn, ...]], ...]:
        """Give the features of a service's batch views, each in the order in which the service names them."""
        return tuple(
            (
                self.batch_views[view],
                tuple(cast("TableColumn", self._feature(name, view, feature)) for feature in features),
            )
            for view, features in self._chosen(name).items()
            if view in self.batch_views
        )

    def service_keys(self, name: str) -> dict[str, str]:
        """Give the key columns of a service's views, and their types."""
        windowed = [view.entity for view, _ in self.service_features(name)]
        entities = [*windowed, *(view.entity for view, _ in self.service_columns(name))]
        return {column: dtype for entity in entities for column, dtype in entity.keys}

    def _chosen(self, name: str) -> dict[str, tuple[str, ...]]:
        """Name the features of a service by view, each once."""
        chosen: dict[str, list[str]] = {}
        for view, feature in self.service(name).references:
            found = _find("view", view, self._all_views, f"service {name!r}")
            chosen.setdefault(view, []).extend([feature] if feature else found.feature_names)
        return {view: tuple(dict.fromkeys(features)) for view, features in chosen.items()}

    @property
    def _all_views(self) -> dict[str, FeatureView | BatchFeatureView]:
        return {**self.views, **self.batch_views}

    def _feature(self, service: str, view: str, feature: str) -> Feature | TableColumn:
        named = {found.name: found for found in self._all_views[view].features}
        return _find("feature", feature, named, f"service {service!r}, view {view!r}")

    def output_name(self, service: str, view: str, feature: str) -> str:
        """Give the column that a feature has in a training set and in an online answer of the service."""
        return f"{view}__{feature}" if self.service(service).full_feature_names else feature

    def transform(self, source: EventSource) -> Callable[[DataFrame], DataFrame]:
        """Import a source's transform; the module brings PySpark with it."""
        module, _, function = source.transform.partition(":")
        _enter(self.root)
        found = importlib.import_module(f"{TRANSFORMS}.{module}")
        return cast("Callable[[DataFrame], DataFrame]", getattr(found, function))


def _find(kind: str, name: str, named: dict[str, Declared], where: str = "") -> Declared:
    if name not in named:
        raise ProjectError.unknown(kind, name, named, where)
    return named[name]


def _enter(root: Path) -> None:
    """Put the root first on the path, and forget packages that were imported from another root."""
    if sys.path[:1] != [str(root)]:
        sys.path.insert(0, str(root))
    for name in [name for name in sys.modules if name.partition(".")[0] in PACKAGES]:
        # A project may stand inside another one's root: a package is the root's own only right below it.
        own, place = root / name.partition(".")[0], _place(sys.modules[name])
        if place is None or (place != own and own not in place.parents):
            del sys.modules[name]
    importlib.invalidate_caches()


def _place(module: ModuleType) -> Path | None:
    """Say where a module is: its file, or the first folder of a package without ``__init__.py``."""
    if module.__file__:
        return Path(module.__file__).resolve()
    paths = list(getattr(module, "__path__", ()))
    return Path(paths[0]).resolve() if paths else None


def _modules(root: Path, package: str) -> Iterator[tuple[ModuleType, Path]]:
    folder = root / package
    if not folder.is_dir():
        raise ProjectError.broken_module(
            folder, "the folder is missing. Create it, or run `riskloom init` for a whole project."
        )
    for path in sorted(folder.glob("*.py")):
        name = package if path.stem == "__init__" else f"{package}.{path.stem}"
        yield _import(name, path, root), path


def _import(name: str, path: Path, root: Path) -> ModuleType:
    try:
        module = importlib.import_module(name)
    except RiskloomError as error:
        raise type(error)(f"{path.relative_to(root)}: {error}") from error
    except Exception as error:
        raise ProjectError.broken_module(
            path.relative_to(root), f"it does not import: {type(error).__name__}: {error}"
        ) from error
    found = _place(module)
    if found != path.resolve():
        raise ProjectError.shadowed(name, found, path)
    return module


class _Collector:
    """Takes up the declarations that modules bind to a name."""

    def __init__(self, kinds: dict[type, dict[str, Any]]) -> None:
        self._kinds = kinds
        self._origins: dict[tuple[type, str], str] = {}

    def take(self, module: ModuleType, path: Path) -> None:
        """Take each declaration of a module; one imported from another module is the same object."""
        for value in vars(module).values():
            named = self._kinds.get(type(value))
            if named is None:
                continue
            origin = self._origins.setdefault((type(value), value.name), str(path))
            if named.setdefault(value.name, value) is not value:
                raise ProjectError.duplicate(_words(type(value)), value.name, origin, str(path))


def _words(kind: type) -> str:
    """Write a class's name as people say it: ``FeatureView`` is a feature view."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", kind.__name__).lower()


def _check_transforms(project: Project) -> None:
    """Read, without importing, that each transform is a function of its module."""
    for source in (source for source in project.sources.values() if source.transform):
        module, _, function = source.transform.partition(":")
        path = project.root / TRANSFORMS / f"{module}.py"
        if not path.is_file():
            stems = [found.stem for found in (project.root / TRANSFORMS).glob("*.py")]
            why = f"names no file of {TRANSFORMS}/ (there: {', '.join(sorted(stems)) or 'none'})."
            raise ProjectError.missing_transform(source.name, source.transform, why)
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
        if function not in functions:
            why = f"names no function of {TRANSFORMS}/{module}.py (there: {', '.join(functions) or 'none'})."
            raise ProjectError.missing_transform(source.name, source.transform, why)


def _check_views(project: Project) -> None:
    for view in project.views.values():
        _check_source(project, view.source, f"view {view.name!r}")
        if view.name in project.batch_views:
            raise ProjectError.duplicate("view", view.name, "a FeatureView", "a BatchFeatureView")
        retention = project.settings.retention
        if view.reach > parse_duration(retention):
            raise DeclarationError.beyond_retention(f"view {view.name!r}", format_duration(view.reach), retention)


def _check_labels(project: Project) -> None:
    for label in project.labels.values():
        _check_source(project, label.source, f"label {label.name!r}")
        for view in project.views_of(label.source.name):
            # The view's events carry the source's availability alone: one of the label's own would leak by it.
            if label.available not in (None, label.source.available) or label.delay not in (None, label.source.delay):
                raise DeclarationError.leaking_label(view.name, label.source.name, label.name)


def _check_source(project: Project, source: EventSource, where: str) -> None:
    if _find("source", source.name, project.sources, where) is not source:
        raise ProjectError.duplicate("event source", source.name, f"{DECLARATIONS}/", where)


def _check_suites(project: Project) -> None:
    for suite in project.suites.values():
        where = f"suite {suite.name!r}"
        source = _find("source", suite.name, project.sources, where)
        for rule in suite.rows:
            rule.check_against(where, source.columns)
        for reference in suite.references:
            place = f"{where}, reference {reference.name!r}"
            other = _find("source", reference.source, project.sources, place)
            for column, columns in ((reference.column, source.columns), (reference.to, other.columns)):
                if column not in columns:
                    raise DeclarationError.unknown_column(place, column, columns)
            if reference.name in source.columns:
                raise DeclarationError.invalid(place, "the source has a column of this name. Give another one.")


def _check_services(project: Project) -> None:
    for service in project.services.values():
        seen: dict[str, str] = {}
        windowed = [
            (view.name, feature.name) for view, part in project.service_features(service.name) for feature in part
        ]
        columns = [(view.name, column.name) for view, part in project.service_columns(service.name) for column in part]
        for view_name, feature_name in (*windowed, *columns):
            name = project.output_name(service.name, view_name, feature_name)
            if name in seen:
                raise DeclarationError.duplicate_feature(f"service {service.name!r}", name, (seen[name], view_name))
            seen[name] = view_name
