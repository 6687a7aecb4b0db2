"""The kernel's loops over arrays, compiled once for each machine.

Each module is complete in itself, since a compiled function on disk is renewed when its own file changes, and not when
one that it calls from elsewhere does.
"""

from __future__ import annotations
