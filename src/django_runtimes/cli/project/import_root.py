"""Finds the folder from which a project's modules are imported, which is usually the folder of manage.py."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

MANAGE = "manage.py"
# The depth below the project's folder, as in backend/manage.py and apps/web/manage.py.
_DEPTH = 2
_NOT_THE_PROJECT = frozenset({"node_modules", "site-packages", "__pycache__"})


class AmbiguousRootError(Exception):
    """Several `folders` contain the settings."""

    def __init__(self, folders: Sequence[Path]) -> None:
        super().__init__(", ".join(map(str, folders)))
        self.folders = tuple(folders)


def find_import_root(directory: Path, settings: str | None) -> Path:
    """Return the folder with the settings: `directory`, its `src`, or a folder with manage.py up to 2 levels below.

    If none contains it, or no settings are named, return the folder of the only manage.py, or else `directory`.
    AmbiguousRootError if several folders with a manage.py contain it.
    """
    if settings is not None:
        for folder in (directory, directory / "src"):
            if _holds(folder, settings):
                return folder
    if (directory / MANAGE).is_file():
        return directory
    folders = list(folders_with_manage(directory))
    if settings is not None and (holding := [folder for folder in folders if _holds(folder, settings)]):
        folders = holding
        if len(folders) > 1:
            raise AmbiguousRootError(folders)
    return folders[0] if len(folders) == 1 else directory


def _holds(folder: Path, module: str) -> bool:
    path = folder.joinpath(*module.split("."))
    return path.with_name(f"{path.name}.py").is_file() or (path / "__init__.py").is_file()


def folders_with_manage(directory: Path, depth: int = _DEPTH) -> Iterator[Path]:
    """Yield the folders with a manage.py, up to `depth` levels below `directory`, without searching inside them."""
    try:
        entries = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir(follow_symlinks=False))
    except OSError:
        return
    for name in entries:
        folder = directory / name
        if name.startswith(".") or name in _NOT_THE_PROJECT or (folder / "pyvenv.cfg").exists():
            continue
        if (folder / MANAGE).is_file():
            yield folder
        elif depth > 1:
            yield from folders_with_manage(folder, depth - 1)
