"""Imports the modules of a start from one file, which spares a search and two reads for each of them.

This module is imported before the bundle is in use, so it imports only what Python has loaded by then.
"""

import marshal
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import MAGIC_NUMBER, spec_from_file_location
from types import CodeType, ModuleType

from django_runtimes.config.variables.early_names import MODULE_BUNDLE_NAME

# A module's source file, its size in bytes and the second of its last change when the bundle was written, whether it is
# a package, and the offset and length of its marshalled code in bytes. Layers of images keep no fractions of a second.
Entry = tuple[str, int, int, bool, int, int]

# A bundle has this line, the offset of its index, the code of its modules, and the index: the search path and the
# entries by module name, marshalled.
HEADER = f"modules of {sys.implementation.cache_tag}, {MAGIC_NUMBER.hex()}, form 1\n".encode()
OFFSET_BYTES = 8


class UnusableBundleError(Exception):
    """Why a file is no bundle, or none for this process."""


class BundledLoader(SourceFileLoader):
    """Python's loader of a source file, with the code from the bundle."""

    def __init__(self, name: str, origin: str, code: bytes) -> None:
        super().__init__(name, origin)
        self._code: bytes | None = code

    def get_code(self, fullname: str) -> CodeType | None:
        """Return the bundle's code for the import, and the source's code later."""
        code, self._code = self._code, None
        if code is None:
            return super().get_code(fullname)
        loaded: CodeType = marshal.loads(code)  # noqa: S302  (Python reads its compiled files like this)
        return loaded


class BundledModules:
    """A finder for `sys.meta_path`, which leaves modules whose source has changed to the finders after it."""

    def __init__(self, file: int, entries: Mapping[str, Entry]) -> None:
        self._file = file
        self._entries = entries

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a bundled module, or None if another finder must look for it."""
        entry = self._entries.get(name)
        # With a target, a loaded module is loaded again.
        if entry is None or target is not None:
            return None
        origin, size, modified, is_package, offset, length = entry
        folder = origin.rpartition("/")[0]
        # The search path of a package may have changed since.
        if path is not None and (folder.rpartition("/")[0] if is_package else folder) not in path:
            return None
        try:
            status = os.stat(origin)  # noqa: PTH116  (pathlib may not be loaded yet)
        except OSError:
            return None
        if status.st_size != size or int(status.st_mtime) != modified:
            return None
        code = os.pread(self._file, length, offset)
        return spec_from_file_location(
            name,
            origin,
            loader=BundledLoader(name, origin, code),
            submodule_search_locations=[folder] if is_package else None,
        )


def use_bundle(path: str) -> None:
    """Import from the bundle at `path` from now on.

    If the file cannot be used, stderr says why, and every module is imported as usual.
    """
    try:
        sys.meta_path.insert(0, _opened(path))
    except OSError as error:
        reason = error.strerror or str(error)
    except UnusableBundleError as error:
        reason = str(error)
    else:
        return
    sys.stderr.write(f"webapp: {MODULE_BUNDLE_NAME}={path!r} is not used: {reason}\n")


def _opened(path: str) -> BundledModules:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return BundledModules(file, _entries(file))
    except BaseException:
        os.close(file)
        raise


def _entries(file: int) -> dict[str, Entry]:
    """Return the entries of an open bundle; UnusableBundleError if it is damaged or for another environment."""
    start = os.pread(file, len(HEADER) + OFFSET_BYTES, 0)
    if not start.startswith(HEADER):
        raise UnusableBundleError("it is no bundle for this version of Python")
    offset = int.from_bytes(start[len(HEADER) :], "little")
    try:
        search_path, entries = marshal.loads(os.pread(file, os.fstat(file).st_size, offset))  # noqa: S302  (the image's own)
    except (EOFError, OverflowError, TypeError, ValueError):
        raise UnusableBundleError("it is damaged; write it again") from None
    if [folder for folder in sys.path if folder in search_path] != search_path:
        raise UnusableBundleError(
            f"it is for the search path {os.pathsep.join(search_path)}, and this process has "
            f"{os.pathsep.join(sys.path)}"
        )
    loaded: dict[str, Entry] = entries
    # Monitoring tools put a folder of their own first, whose modules have other names.
    for folder in sys.path:
        if folder not in search_path and (hidden := _first_modules(folder) & loaded.keys()):
            raise UnusableBundleError(
                f"{folder}, which is on the search path, has a module of its own for {min(hidden)}"
            )
    return loaded


def _first_modules(folder: str) -> set[str]:
    """Return the names under which modules and packages in the folder could be imported."""
    try:
        return {name.partition(".")[0] for name in os.listdir(folder)}  # noqa: PTH208  (pathlib may not be loaded yet)
    except FileNotFoundError:
        return set()
    except OSError as error:
        raise UnusableBundleError(
            f"{folder}, which is on the search path, cannot be listed: {error.strerror}"
        ) from None
