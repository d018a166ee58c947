"""Print the two set-up commands of the README, one a line: what a newcomer types is what is tested."""

from __future__ import annotations

import re
import sys
from pathlib import Path


def set_up_commands(readme: str) -> list[str]:
    """The lines of the shell blocks below the heading "Set up".

    Raises
    ------
    ValueError
        If there are not exactly two.
    """
    part = re.split(r"^## ", readme.partition("\n## Set up\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    blocks = re.findall(r"```(?:sh|bash|shell|console)\n(.*?)```", part, flags=re.DOTALL)
    commands = [line.strip() for block in blocks for line in block.splitlines() if line.strip()]
    if len(commands) != 2:
        raise ValueError(f"README.md has {len(commands)} set-up commands {commands}, expected two set-up commands")
    return commands


if __name__ == "__main__":
    print("\n".join(set_up_commands(Path(sys.argv[1]).read_text(encoding="utf-8"))))
