"""Checks out another revision of this project for a measurement."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contenders.peers import CHECKOUT
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.compare_error import CompareError

# Old revisions lack the reference application.
_APPLICATION = Path("benchmarks") / "application"
_NEEDED = ("requirements/serving.txt", "src/webapp/settings.py")
_TIMEOUT_S = 60.0

# Runs when standard input closes, even if this process is killed. Removing the directory first lets git also remove a
# worktree that was only half created.
_REMOVER = 'trap "" HUP INT TERM; read -r _; rm -rf -- "$2"; exec git -C "$1" worktree remove --force --force "$2"'


@dataclass(frozen=True)
class Revision:
    """A commit with its full hash and its subject."""

    commit: str
    subject: str

    def __str__(self) -> str:
        return f"{self.commit[:12]} {self.subject}"


def find_revision(name: str, repository: Path = CHECKOUT) -> Revision:
    """Return the commit with this name; raise UsageError if git finds none."""
    resolved = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if resolved.returncode != 0:
        cause = f" ({resolved.stderr.strip()})" if resolved.stderr.strip() else ""
        raise UsageError(
            f"--against {name!r} is not a revision of {repository}{cause}; "
            "use a commit, a branch or a tag that `git rev-parse` accepts"
        )
    commit = resolved.stdout.strip()
    return Revision(commit, _git(repository, "log", "-1", "--format=%s", commit).stdout.strip())


def describe_checkout(repository: Path = CHECKOUT) -> str:
    """Return the last commit and the files that differ from it, including new ones."""
    status = _git(repository, "status", "--porcelain", "--untracked-files=all", "-z", "--no-renames")
    changed = [entry[3:] for entry in status.stdout.split("\0") if entry]
    committed = str(find_revision("HEAD", repository))
    return f"{committed}, and uncommitted changes to {', '.join(changed)}" if changed else committed


@contextmanager
def worktree(revision: Revision, directory: Path, repository: Path = CHECKOUT) -> Iterator[Path]:
    """Check the revision out into `directory`, which must not exist, and remove it even if this process is killed.

    Raise UsageError when the revision cannot be measured, CompareError when git cannot check it out.
    """
    remover = subprocess.Popen(
        ["/bin/sh", "-c", _REMOVER, "sh", str(repository), str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_environ(),
        # Ctrl-C reaches every process of the terminal's foreground group.
        start_new_session=True,
    )
    try:
        # The user's git hooks are not meant for this worktree.
        added = _git(
            repository,
            *("-c", "core.hooksPath=/dev/null", "worktree", "add", "--quiet", "--detach"),
            *("--", str(directory), revision.commit),
        )
        if added.returncode != 0:
            raise CompareError(
                f"git cannot check out {revision}: {' '.join(added.stderr.split())}; fix that and start again"
            )
        _complete(revision, directory)
        yield directory
    finally:
        remover.communicate()


def _complete(revision: Revision, directory: Path) -> None:
    for needed in _NEEDED:
        if not (directory / needed).exists():
            raise UsageError(f"--against {revision} has no {needed}; use a later revision")
    if not (directory / _APPLICATION).exists():
        shutil.copytree(CHECKOUT / _APPLICATION, directory / _APPLICATION)
        (directory / "benchmarks" / "__init__.py").touch()


def _git(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["git", "-C", str(repository), *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_S,
            env=_environ(),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CompareError(f"git cannot run: {error}; install the package git and start again") from None


def _environ() -> dict[str, str]:
    """Return the environment without git's variables, which a hook sets and which would override `-C`."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {"LC_ALL": "C"}
