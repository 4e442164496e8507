"""The files of this repository that a person reads."""

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
# What commands leave behind.
_MADE = {"build", "media", "reports", "__pycache__"}


def files(*suffixes: str) -> Iterator[Path]:
    """Those with one of the suffixes, below the root."""
    for directory, folders, names in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _MADE)
        yield from (Path(directory, name) for name in sorted(names) if Path(name).suffix in suffixes)
