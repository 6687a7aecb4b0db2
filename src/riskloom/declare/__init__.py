"""What a project declares: frozen values, checked when they are built, importing nothing heavy."""

from __future__ import annotations

from riskloom.declare.aggregation import Aggregation
from riskloom.declare.batch_view import BatchFeatureView, TableColumn
from riskloom.declare.entity import Entity
from riskloom.declare.feature import Feature
from riskloom.declare.filter import Filter
from riskloom.declare.formats import AccessLog, Csv, Format, JsonLines, KeyValue, LinePattern, Sshd, Syslog
from riskloom.declare.label import LabelSource
from riskloom.declare.profile import Profile
from riskloom.declare.service import FeatureService
from riskloom.declare.source import POSITION, EventSource
from riskloom.declare.suite import Expectation, Reference, RowRule, Suite
from riskloom.declare.view import FeatureView

__all__ = [
    "POSITION",
    "AccessLog",
    "Aggregation",
    "BatchFeatureView",
    "Csv",
    "Entity",
    "EventSource",
    "Expectation",
    "Feature",
    "FeatureService",
    "FeatureView",
    "Filter",
    "Format",
    "JsonLines",
    "KeyValue",
    "LabelSource",
    "LinePattern",
    "Profile",
    "Reference",
    "RowRule",
    "Sshd",
    "Suite",
    "Syslog",
    "TableColumn",
]
