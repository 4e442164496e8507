"""Writes a bundle of modules."""

import marshal
import os
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from types import CodeType

from django_runtimes.entrypoints.bundle.bundled_modules import HEADER, OFFSET_BYTES, Entry


def write_bundle(path: Path, names: Iterable[str]) -> int:
    """Write the modules that are source files, and return their number.

    The others are left out: compiled libraries, and modules that other modules make.
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
    index = marshal.dumps((sys.path, entries))
    # A start never sees a half-written file.
    written = path.with_name(f"{path.name}.{os.getpid()}")
    written.write_bytes(b"".join((HEADER, offset.to_bytes(OFFSET_BYTES, "little"), *code, index)))
    written.replace(path)
    return len(entries)


def _sources(names: Iterable[str]) -> Iterator[tuple[str, Path, CodeType, bool]]:
    for name in names:
        try:
            spec = find_spec(name)
        except (ImportError, ValueError):
            continue
        # Some modules have a second name, and loaders of another type do more than to load a source file.
        if spec is None or spec.name != name or type(spec.loader) is not SourceFileLoader or spec.origin is None:
            continue
        code = spec.loader.get_code(name)
        if code is not None:
            yield name, Path(spec.origin), code, spec.submodule_search_locations is not None
