"""`webapp init` at a terminal, with colours and a prompt."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.project_files.projects import make, tree


def at_a_terminal(directory: Path, typed: str, **variables: str) -> tuple[int, str]:
    """Run `webapp init` at a terminal; return its exit code and its output."""
    terminal, end = pty.openpty()
    environ = {name: value for name, value in os.environ.items() if name not in {"DJANGO_SETTINGS_MODULE", "NO_COLOR"}}
    process = subprocess.Popen(
        [sys.executable, "-m", "django_runtimes", "init"],
        cwd=directory,
        env={**environ, "TERM": "xterm", **variables},
        stdin=end,
        stdout=end,
        stderr=end,
    )
    os.close(end)
    os.write(terminal, typed.encode())
    shown = b""
    try:
        while chunk := os.read(terminal, 65536):
            shown += chunk
    except OSError:
        # Linux raises EIO once the other end is closed.
        pass
    finally:
        os.close(terminal)
    return process.wait(120), shown.decode()


def test_answering_yes_writes_the_coloured_diff(tmp_path: Path):
    make(tmp_path, "pip")

    exit_code, shown = at_a_terminal(tmp_path, "y\n")

    assert exit_code == 0, shown
    assert "\x1b[32m+configure(globals())\x1b[0m" in shown
    assert "Write 7 files? [y/N]" in shown
    assert b"configure(globals())" in (tmp_path / "shop/settings.py").read_bytes()


@pytest.mark.parametrize("typed", ["n\n", "\n"])
def test_any_other_answer_writes_nothing(tmp_path: Path, typed: str):
    before = tree(make(tmp_path, "pip"))

    exit_code, shown = at_a_terminal(tmp_path, typed, NO_COLOR="1")

    assert exit_code == 1
    assert "declined; nothing more was changed" in shown
    assert "\x1b[32m" not in shown
    assert tree(tmp_path) == before
