"""`make quick-runs`: how long `webapp compare --quick` takes, from its start to its end.

It measures the guestbook and the example projects of tests/projects, which `webapp init` adopts first.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

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
    webapp(folder, environ, "init", "--yes")
    if name in _WORKLOADS:
        shutil.copy(_WORKLOADS[name], folder / "compare.toml")
    return folder, environ


def webapp(folder: Path, environ: dict[str, str], *arguments: str) -> float:
    """Run a verb of `webapp` in a folder and return its duration in s; raise CalledProcessError if it fails."""
    begins = time.monotonic()
    command = [sys.executable, "-m", "django_runtimes", *arguments]
    subprocess.run(command, cwd=folder, env=environ, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - begins


def outcome(name: str, duration_s: float) -> tuple[str, bool]:
    """Return the line on a run, and whether it kept its bar."""
    bar_s = BARS_S[name]
    return f"{name}: {duration_s:.0f} s (bar: at most {bar_s:g} s)", duration_s <= bar_s


def main(names: Sequence[str]) -> int:
    """Print the duration for each project; return 1 when a bar is missed, and 2 for an unknown project."""
    unknown = [name for name in names if name not in BARS_S]
    if unknown:
        sys.stderr.write(f"{unknown[0]!r} is not a measured project; choose one of: {', '.join(BARS_S)}\n")
        return 2
    all_kept = True
    for name in names or BARS_S:
        with tempfile.TemporaryDirectory() as into:
            folder, environ = (Path.cwd(), dict(os.environ)) if name == "guestbook" else adopt(name, Path(into))
            line, is_kept = outcome(name, webapp(folder, environ, "compare", "--quick", "--output", f"{into}/report"))
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        all_kept &= is_kept
    return 0 if all_kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
