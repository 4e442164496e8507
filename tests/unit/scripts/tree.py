"""A small tree of files on which to run this repository's scripts."""

import os
import subprocess
import sys
from pathlib import Path

_SCRIPTS = Path(__file__).parents[3] / "scripts"


class Tree:
    """The files below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, text: str) -> None:
        """Write a file, and create its folders if needed."""
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def commit(self) -> None:
        """Commit all files to a new repository."""
        self._git("init", "--quiet")
        self._git("add", ".")
        self._git("-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "--quiet", "-m", "One")

    def run(self, script: str, *arguments: str) -> tuple[int, str, str]:
        """Run a script on the tree; return its exit code, output and errors."""
        command = [sys.executable, str(_SCRIPTS / script), "--root", str(self.root), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=_environment())
        return done.returncode, done.stdout, done.stderr

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", "-C", str(self.root), *arguments], check=True, capture_output=True, env=_environment())


def _environment() -> dict[str, str]:
    # In a hook, git's own variables name another repository.
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
