"""Riskloom: raw e-commerce event logs to features that mean the same in training and in scoring."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from riskloom.declare import (
    AccessLog,
    Aggregation,
    BatchFeatureView,
    Csv,
    Entity,
    EventSource,
    Expectation,
    FeatureService,
    FeatureView,
    Filter,
    Format,
    JsonLines,
    KeyValue,
    LabelSource,
    LinePattern,
    Profile,
    Reference,
    RowRule,
    Sshd,
    Suite,
    Syslog,
    aggregate,
)

if TYPE_CHECKING:
    from riskloom.project import Project
    from riskloom.store.client import OnlineFeatures
    from riskloom.store.training import build_training_set

__version__ = "0.1.0"
__all__ = [
    "AccessLog",
    "Aggregation",
    "BatchFeatureView",
    "Csv",
    "Entity",
    "EventSource",
    "Expectation",
    "FeatureService",
    "FeatureView",
    "Filter",
    "Format",
    "JsonLines",
    "KeyValue",
    "LabelSource",
    "LinePattern",
    "OnlineFeatures",
    "Profile",
    "Project",
    "Reference",
    "RowRule",
    "Sshd",
    "Suite",
    "Syslog",
    "aggregate",
    "build_training_set",
]

# Names that need more than declarations do: loaded when first used, so that `import riskloom` stays light.
_LAZY = {
    "OnlineFeatures": "riskloom.store.client",
    "Project": "riskloom.project",
    "build_training_set": "riskloom.store.training",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the attribute of a module may be anything
    """Load a public name on first use."""
    if name not in _LAZY:
        message = f"module 'riskloom' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_LAZY[name]), name)
