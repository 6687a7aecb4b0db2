"""Feast, used by its own extension points: offline store, compute engine, online store, and their clients."""

from __future__ import annotations
