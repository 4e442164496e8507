"""Writes the bundle of the modules that a function and a server import.

The image's build runs `python -m django_runtimes.entrypoints.bundle FILE` in the folder and with the variables of the
image. Exit codes: 0 it is written; 1 a start failed, and its later modules are missing in the file; 2 bad arguments, or
the file cannot be written.
"""

import sys
from pathlib import Path

from django_runtimes.entrypoints.bundle.bundle_writer import write_bundle
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
    try:
        # The starts take seconds, so a file that cannot be written is refused before them.
        path.open("ab").close()
    except OSError as error:
        sys.stderr.write(f"webapp: {path} cannot be written: {error.strerror}\n")
        return 2
    names: dict[str, None] = {}
    exit_code = 0
    for modules_of in (modules_of_function, modules_of_server):
        try:
            names |= dict.fromkeys(modules_of())
        except StartFailedError as error:
            names |= dict.fromkeys(error.modules)
            sys.stderr.write(f"webapp: {error}; the modules that it would import later are not in the bundle\n")
            exit_code = 1
    number = write_bundle(path, names)
    sys.stdout.write(f"{path}: {number} modules, {path.stat().st_size / 2**20:.1f} MiB\n")
    return exit_code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
