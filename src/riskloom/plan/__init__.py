"""What will be done, before anything is done: frozen steps with several readers."""

from __future__ import annotations

from riskloom.plan.build import Plan, build
from riskloom.plan.replay import build_replay
from riskloom.plan.steps import KINDS, Aggregate, Extract, Load, Materialize, Register, Select, Step, Validate

__all__ = [
    "KINDS",
    "Aggregate",
    "Extract",
    "Load",
    "Materialize",
    "Plan",
    "Register",
    "Select",
    "Step",
    "Validate",
    "build",
    "build_replay",
]
