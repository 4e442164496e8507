"""Writes a bundle of modules."""

import marshal
import sys
import tempfile
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from itertools import accumulate
from pathlib import Path
from types import CodeType

from django_runtimes.entrypoints.bundle.bundled_modules import HEADER, OFFSET_BYTES, Entry, last_change

# Python imports these before the bundle is used, and a monitoring tool's launcher puts one of its own first.
_OF_THE_PROCESS = frozenset({"sitecustomize", "usercustomize"})


class BundleFile:
    """A new file that takes the place of `path` once it is whole; OSError if that is impossible."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._new = tempfile.NamedTemporaryFile(dir=path.parent, prefix=f"{path.name}.", delete=False)  # noqa: SIM115

    def write(self, content: bytes) -> None:
        """Write the file, and put it into its place."""
        with self._new as new:
            new.write(content)
        new_path = Path(self._new.name)
        # The process that reads it has another user.
        new_path.chmod(0o644)
        new_path.replace(self._path)

    def discard(self) -> None:
        """Remove the new file, unless it has taken its place."""
        self._new.close()
        Path(self._new.name).unlink(missing_ok=True)


def packed(names: Iterable[str]) -> tuple[bytes, int]:
    """Return the content of a bundle, and the number of its modules.

    Modules that no source file on `sys.path` defines are left out: compiled libraries, and modules that others make. No
    module is imported, and the code is compiled from the source.
    """
    entries: dict[str, Entry] = {}
    code: list[bytes] = []
    offset = len(HEADER) + OFFSET_BYTES
    for name, source, module_code, is_package in _sources(names):
        status = source.stat()
        marshalled = marshal.dumps(module_code)
        entries[name] = (str(source), status.st_size, int(status.st_mtime), is_package, offset, len(marshalled))
        code.append(marshalled)
        offset += len(marshalled)
    # A folder that is on the path twice is searched once.
    folders = {folder: last_change(folder) for folder in sys.path}
    index = marshal.dumps((folders, entries))
    return b"".join((HEADER, offset.to_bytes(OFFSET_BYTES, "little"), *code, index)), len(entries)


def _sources(names: Iterable[str]) -> Iterator[tuple[str, Path, CodeType, bool]]:
    for name in names:
        if name in _OF_THE_PROCESS:
            continue
        spec = _found(name)
        # A loader of another type does more than to load a source file.
        if spec is None or type(spec.loader) is not SourceFileLoader or spec.origin is None:
            continue
        try:
            code = spec.loader.source_to_code(spec.loader.get_data(spec.origin), spec.origin)
        except (OSError, SyntaxError, ValueError):
            continue
        yield name, Path(spec.origin), code, spec.submodule_search_locations is not None


def _found(name: str) -> ModuleSpec | None:
    """Return where Python's own finder finds the module; it looks into each package without importing it."""
    path: list[str] | None = None
    *packages, _ = name.split(".")
    for package in accumulate(packages, "{}.{}".format):
        spec = PathFinder.find_spec(package, path)
        if spec is None or spec.submodule_search_locations is None:
            return None
        path = [*spec.submodule_search_locations]
    return PathFinder.find_spec(name, path)
