"""The documents and source files of this repository."""

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
# Folders that commands create.
_GENERATED = {"build", "media", "reports", "__pycache__"}


def files(*suffixes: str) -> Iterator[Path]:
    """Yield the files below the root that have one of the suffixes."""
    for directory, folders, names in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _GENERATED)
        yield from (Path(directory, name) for name in sorted(names) if Path(name).suffix in suffixes)
