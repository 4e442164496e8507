"""Imports the modules of a start from one file, which spares a search and two reads for each of them.

This module is imported before the bundle is in use, so it imports only what Python has loaded by then.
"""

import marshal
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import MAGIC_NUMBER, spec_from_file_location
from mmap import ACCESS_READ, mmap
from types import CodeType, ModuleType

from django_runtimes.config.variables import MODULE_BUNDLE_NAME

# A module's source file, its size in bytes and the second of its last change when the bundle was written, whether it is
# a package, and the offset and length of its marshalled code in bytes. Layers of images keep no fractions of a second.
Entry = tuple[str, int, int, bool, int, int]
# The folders of the search path, and the second of each one's last change; 0 for one that does not exist.
Folders = dict[str, int]

# A bundle has this line, the offset of its index, the code of its modules, and the index: the folders and the entries
# by module name, marshalled. Code differs between versions of Python and levels of optimization.
HEADER = (
    f"modules of {sys.implementation.cache_tag}, {MAGIC_NUMBER.hex()}, optimized {sys.flags.optimize}, form 2\n"
).encode()
OFFSET_BYTES = 8
_MARSHAL_ERRORS = (EOFError, OverflowError, TypeError, ValueError)


class UnusableBundleError(Exception):
    """Why a file is no bundle, or none for this process."""


class BundledLoader(SourceFileLoader):
    """Python's loader of a source file, with the code from the bundle."""

    def __init__(self, name: str, origin: str, code: bytes) -> None:
        super().__init__(name, origin)
        self._code: bytes | None = code

    def get_code(self, fullname: str) -> CodeType | None:
        """Return the bundle's code for the import, and the source's code later, or if the bundle's is damaged."""
        code, self._code = self._code, None
        if code is not None:
            try:
                loaded: CodeType = marshal.loads(code)  # noqa: S302  (Python reads its compiled files like this)
            except _MARSHAL_ERRORS:
                pass
            else:
                return loaded
        return super().get_code(fullname)


class BundledModules:
    """A finder for `sys.meta_path`, which leaves to Python's own what it would find elsewhere, or changed.

    A module is the bundle's only while its source is as it was, and while Python would look for it in the same folder
    first. `search_path` is `sys.path` as the bundle knows it; modules of the folders in `changed` may be hidden.
    """

    def __init__(
        self, content: mmap, entries: Mapping[str, Entry], search_path: Sequence[str], changed: Sequence[str]
    ) -> None:
        self._content = content
        self._entries = entries
        self._search_path = search_path
        self._changed = changed

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
        searched = folder.rpartition("/")[0] if is_package else folder
        if path is None:
            if sys.path != self._search_path or searched in self._changed:
                return None
        elif [*path] != [searched]:
            return None
        if not _is_unchanged(origin, size, modified):
            return None
        return spec_from_file_location(
            name,
            origin,
            loader=BundledLoader(name, origin, self._content[offset : offset + length]),
            submodule_search_locations=[folder] if is_package else None,
        )


def use_bundle(path: str) -> None:
    """Import from the bundle at `path` from now on, after the finders of other tools.

    If the file cannot be used, stderr says why, and every module is imported as usual.
    """
    try:
        finder = _opened(path)
        sys.meta_path.insert(sys.meta_path.index(PathFinder), finder)
    except OSError as error:
        reason = error.strerror or str(error)
    except UnusableBundleError as error:
        reason = str(error)
    except ValueError:
        reason = "sys.meta_path does not have Python's own finder"
    else:
        return
    sys.stderr.write(f"webapp: {MODULE_BUNDLE_NAME}={path!r} is not used: {reason}\n")


def _opened(path: str) -> BundledModules:
    with open(path, "rb") as file:  # noqa: PTH123  (pathlib may not be loaded yet)
        if not file.read(len(HEADER)) == HEADER:
            raise UnusableBundleError("it is no bundle for this version of Python, or for its options")
        offset = int.from_bytes(file.read(OFFSET_BYTES), "little")
        # The mapping lasts when a program closes all files that it does not know.
        content = mmap(file.fileno(), 0, access=ACCESS_READ)
    try:
        folders, entries = marshal.loads(content[offset:])  # noqa: S302
        first, size, modified, *_ = next(iter(entries.values()))
        recorded = [*folders]
    except (*_MARSHAL_ERRORS, AttributeError, StopIteration):
        raise UnusableBundleError("it is damaged; write it again") from None
    if not _is_unchanged(first, size, modified):
        raise UnusableBundleError(f"{first} has another size or time than in it; write it again")
    _require_path(recorded, entries)
    return BundledModules(content, entries, [*sys.path], _from_the_first_changed(folders))


def _is_unchanged(source: str, size: int, modified: int) -> bool:
    try:
        status = os.stat(source)  # noqa: PTH116  (pathlib may not be loaded yet)
    except OSError:
        return False
    return status.st_size == size and int(status.st_mtime) == modified


def _require_path(recorded: list[str], entries: Mapping[str, Entry]) -> None:
    """Raise UnusableBundleError unless `sys.path` has these folders, and others only without modules of these names."""
    if [folder for folder in dict.fromkeys(sys.path) if folder in recorded] != recorded:
        raise UnusableBundleError(
            f"it is for the search path {os.pathsep.join(recorded)}, and this process has {os.pathsep.join(sys.path)}"
        )
    names = {name.partition(".")[0] for name in entries}
    # Monitoring tools put a folder of their own first, whose modules have other names.
    for folder in sys.path:
        if folder not in recorded and (hidden := _names_in(folder) & names):
            raise UnusableBundleError(f"{folder}, which is on the search path, has a module named {min(hidden)} too")


def _names_in(folder: str) -> set[str]:
    """Return the names under which modules and packages in the folder could be imported."""
    try:
        return {name.partition(".")[0] for name in os.listdir(folder)}  # noqa: PTH208
    except FileNotFoundError:
        return set()
    except OSError as error:
        reason = f"{folder}, which is on the search path, cannot be listed: {error.strerror}"
        raise UnusableBundleError(reason) from None


def last_change(folder: str) -> int:
    """Return the second of the folder's last change; 0 if it does not exist."""
    try:
        return int(os.stat(folder or ".").st_mtime)  # noqa: PTH116
    except OSError:
        return 0


def _from_the_first_changed(folders: Folders) -> list[str]:
    """Return the folders whose modules may be hidden by a file that was added to one of the folders before them."""
    recorded = [*folders]
    for place, (folder, modified) in enumerate(folders.items()):
        if last_change(folder) != modified:
            return recorded[place:]
    return []
