"""``python -m theorylab`` is ``theorylab``."""

from __future__ import annotations

from theorylab.lab.cli import main

if __name__ == "__main__":
    main()
