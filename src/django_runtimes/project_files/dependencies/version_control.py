"""Asks Git whether it ignores a file."""

import shutil
import subprocess
from pathlib import Path

_TIMEOUT_S = 10


def is_ignored_by_git(path: Path) -> bool:
    """Return whether Git ignores an untracked file; False without Git or a repository."""
    git = shutil.which("git")
    folder = next(parent for parent in path.parents if parent.exists())
    if git is None:
        return False
    try:
        ended = subprocess.run(
            [git, "check-ignore", "--quiet", "--", str(path)],
            cwd=folder,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.returncode == 0
