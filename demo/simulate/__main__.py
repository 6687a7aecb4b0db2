"""``python -m demo.simulate``."""

from __future__ import annotations

import sys

from demo.simulate.cli import main

if __name__ == "__main__":
    sys.exit(main())
