"""Writes the bundle of the modules that a function and a server import.

The image's build runs `python -m django_runtimes.entrypoints.bundle FILE` in the folder and with the variables of the
image. Exit codes: 0 it is written; 1 a start failed, and its later modules are missing in the file; 2 bad arguments, or
the file cannot be written.
"""

import sys
from pathlib import Path

from django_runtimes.entrypoints.bundle.bundle_writer import BundleFile, packed
from django_runtimes.entrypoints.bundle.recorded_starts import (
    StartFailedError,
    modules_of_function,
    modules_of_server,
)


def main(arguments: list[str]) -> int:
    """Write the bundle to the file that the arguments name, and return the exit code."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: python -m django_runtimes.entrypoints.bundle FILE\n")
        return 2
    path = Path(arguments[0])
    folder = path.parent.resolve()
    if folder in {Path(searched).resolve() for searched in sys.path}:
        sys.stderr.write(
            f"webapp: {folder} is on the search path, and a file that is added there may hide modules of the bundle; "
            "write it into another folder\n"
        )
        return 2
    try:
        # The starts take seconds, so a file that cannot be written is refused before them.
        file = BundleFile(path)
        try:
            return _write(path, file)
        finally:
            file.discard()
    except OSError as error:
        sys.stderr.write(f"webapp: {path} cannot be written: {error.strerror}\n")
        return 2


def _write(path: Path, file: BundleFile) -> int:
    names: dict[str, None] = {}
    exit_code = 0
    for modules_of in (modules_of_function, modules_of_server):
        try:
            names |= dict.fromkeys(modules_of())
        except StartFailedError as error:
            names |= dict.fromkeys(error.modules)
            sys.stderr.write(f"webapp: {error}; the modules that it would import later are not in the bundle\n")
            exit_code = 1
    content, number = packed(names)
    file.write(content)
    sys.stdout.write(f"{path}: {number} modules, {len(content) / 2**20:.1f} MiB\n")
    return exit_code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
