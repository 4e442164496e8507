"""`make quick-runs`: how long `webapp compare --quick` takes, from its start to its end.

It measures the guestbook and the example projects of tests/projects, which `webapp init` adopts first.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.compare.measured_command import argument_parser, run_command, webapp

# The longest time in s for each project.
BARS_S = {"guestbook": 60.0, "gallery": 120.0, "stock": 120.0}
_TESTS = Path(__file__).parents[2] / "tests"
# The API has no page that `webapp init` could find without a login.
_WORKLOADS = {"stock": _TESTS / "integration" / "projects" / "stock_workload.toml"}
# Settings of the examples read these; webapp compare gives each target a database of its own.
_ADDRESS = {"NAME": "shop", "USER": "shop", "PASSWORD": "a password", "HOST": "127.0.0.1", "PORT": "5432"}


def adopt(name: str, into: Path) -> tuple[Path, dict[str, str]]:
    """Copy an example project into a folder and adopt it; return its folder and variables."""
    folder = into / name
    shutil.copytree(_TESTS / "projects" / name, folder, ignore=shutil.ignore_patterns("__pycache__"))
    environ = {**os.environ, **{f"{name.upper()}_DB_{part}": value for part, value in _ADDRESS.items()}}
    webapp("init", "--yes", folder=folder, environ=environ)
    if name in _WORKLOADS:
        shutil.copy(_WORKLOADS[name], folder / "compare.toml")
    return folder, environ


def outcome(name: str, duration_s: float) -> tuple[str, bool]:
    """Return the line on a run, and whether it kept its bar."""
    bar_s = BARS_S[name]
    return f"{name}: {duration_s:.0f} s (bar: at most {bar_s:g} s)", duration_s <= bar_s


def measure(options: argparse.Namespace) -> bool:
    """Print the duration for each project."""
    all_kept = True
    for name in options.names or BARS_S:
        with tempfile.TemporaryDirectory() as into:
            folder, environ = (Path.cwd(), dict(os.environ)) if name == "guestbook" else adopt(name, Path(into))
            begins = time.monotonic()
            webapp("compare", "--quick", "--output", f"{into}/report", folder=folder, environ=environ)
            line, is_kept = outcome(name, time.monotonic() - begins)
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        all_kept &= is_kept
    return all_kept


def _project(text: str) -> str:
    if text not in BARS_S:
        raise argparse.ArgumentTypeError(f"{text!r} is not a measured project; choose one of: {', '.join(BARS_S)}")
    return text


def main(arguments: Sequence[str]) -> int:
    """Measure, and return the exit code."""
    parser = argument_parser("make quick-runs", "Measure how long `webapp compare --quick` takes for each project.")
    parser.add_argument("names", nargs="*", type=_project, metavar="PROJECT", help=f"of: {', '.join(BARS_S)}")
    return run_command(parser, arguments, measure)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
