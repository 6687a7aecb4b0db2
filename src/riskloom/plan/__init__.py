"""What will be done, before anything is done: frozen steps with several readers."""

from __future__ import annotations

from riskloom.plan.build import Plan, build
from riskloom.plan.steps import KINDS, Aggregate, Extract, Load, Materialize, Register, Step, Validate

__all__ = ["KINDS", "Aggregate", "Extract", "Load", "Materialize", "Plan", "Register", "Step", "Validate", "build"]
