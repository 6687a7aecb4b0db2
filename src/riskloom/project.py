"""Project: import the five folders, cross-check what they declare, look it up by name."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from riskloom.declare import Entity, EventSource, FeatureService, FeatureView, LabelSource, Suite
from riskloom.errors import DeclarationError, ProjectError, RiskloomError
from riskloom.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from pyspark.sql import DataFrame

    from riskloom.declare import Feature

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
        views: Feature views by name.
        labels: Label sources by name.
        services: Feature services by name.
        suites: Suites by the name of their source.
    """

    root: Path
    settings: Settings
    entities: dict[str, Entity] = field(default_factory=dict)
    sources: dict[str, EventSource] = field(default_factory=dict)
    views: dict[str, FeatureView] = field(default_factory=dict)
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
        _check_sources(project)
        _check_transforms(project)
        _check_services(project)
        for name in project.suites:
            _find("source", name, project.sources, f"suite {name!r}")
        return project

    def _declared(self) -> dict[type, dict[str, Any]]:
        return {
            Entity: self.entities,
            EventSource: self.sources,
            FeatureView: self.views,
            LabelSource: self.labels,
            FeatureService: self.services,
        }

    def source(self, name: str) -> EventSource:
        """Find a source, or say which name was probably meant."""
        return _find("source", name, self.sources)

    def view(self, name: str) -> FeatureView:
        """Find a view, or say which name was probably meant."""
        return _find("view", name, self.views)

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
        """Give the features of a service by view, each in the order in which the service names them."""
        service = self.service(name)
        chosen: dict[str, list[Feature]] = {}
        for view_name, feature_name in service.references:
            view = _find("view", view_name, self.views, f"service {name!r}")
            named = {feature.name: feature for feature in view.features}
            if feature_name is not None and feature_name not in named:
                raise ProjectError.unknown("feature", feature_name, named, f"service {name!r}, view {view_name!r}")
            chosen.setdefault(view_name, []).extend([named[feature_name]] if feature_name else view.features)
        return tuple((self.views[view], tuple(dict.fromkeys(features))) for view, features in chosen.items())

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
        place = _place(sys.modules[name])
        if place is None or root not in place.parents:
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
    for source in project.sources.values():
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


def _check_sources(project: Project) -> None:
    for view in project.views.values():
        if _find("source", view.source.name, project.sources, f"view {view.name!r}") is not view.source:
            raise ProjectError.duplicate("event source", view.source.name, f"{DECLARATIONS}/", f"view {view.name!r}")


def _check_services(project: Project) -> None:
    for service in project.services.values():
        seen: dict[str, str] = {}
        for view, features in project.service_features(service.name):
            for feature in features:
                name = project.output_name(service.name, view.name, feature.name)
                if name in seen:
                    raise DeclarationError.duplicate_feature(f"service {service.name!r}", name, (seen[name], view.name))
                seen[name] = view.name
