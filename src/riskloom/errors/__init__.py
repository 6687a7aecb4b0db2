"""The error tree: what went wrong, where, and what to do about it.

Every error that a user can cause is built by a named constructor, so that its
text is written once, can be tested whole, and always ends in something to do.
"""

from __future__ import annotations

from riskloom.errors.base import RiskloomError, nearest
from riskloom.errors.declare import DeclarationError
from riskloom.errors.lake import AccountingError, ExtractError, LakeError
from riskloom.errors.orchestrate import OrchestrationError
from riskloom.errors.privacy import PrivacyError
from riskloom.errors.project import PlanError, ProjectError
from riskloom.errors.quality import QualityError, ValidationFailed
from riskloom.errors.serve import RequestError, ServeError
from riskloom.errors.store import StoreError
from riskloom.errors.time import TimeError
from riskloom.errors.windows import SpineError, SumOverflowError, WindowError

__all__ = [
    "AccountingError",
    "DeclarationError",
    "ExtractError",
    "LakeError",
    "OrchestrationError",
    "PlanError",
    "PrivacyError",
    "ProjectError",
    "QualityError",
    "RequestError",
    "RiskloomError",
    "ServeError",
    "SpineError",
    "StoreError",
    "SumOverflowError",
    "TimeError",
    "ValidationFailed",
    "WindowError",
    "nearest",
]
