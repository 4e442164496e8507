"""Interrupts webapp init just before it replaces a file."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]


def on_replace(monkeypatch: pytest.MonkeyPatch, step: int, act) -> None:
    """Call `act` just before the given step replaces a file."""
    replace, calls = Path.replace, iter(range(100))

    def replacing(self: Path, target: Path) -> Path:
        if next(calls) == step:
            act()
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", replacing)


def run_and_kill(statement: str, root: Path, step: int) -> None:
    """Run a statement in a process that is killed just before the given step replaces a file."""
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "import pytest\n"
        "from django_runtimes.project_files.changes.writing import undo_adoption, write\n"
        "from tests.unit.project_files.changes.interruptions import on_replace\n"
        "from tests.unit.project_files.changes.plans import planned, upgraded\n"
        "root = Path(sys.argv[1])\n"
        "kill = lambda: os.kill(os.getpid(), signal.SIGKILL)\n"
        "on_replace(pytest.MonkeyPatch(), int(sys.argv[2]), kill)\n"
        f"{statement}\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(root), str(step)], cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL
