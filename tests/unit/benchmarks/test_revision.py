import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from benchmarks.contenders.peers import CHECKOUT
from benchmarks.contenders.revision import Revision, describe_checkout, find_revision, worktree

from django_runtimes.cli.tool_error import UsageError

WAITING_IN_WORKTREE = """
import sys, time
from pathlib import Path
from benchmarks.contenders.revision import find_revision, worktree
repository, directory = map(Path, sys.argv[1:])
with worktree(find_revision("HEAD", repository), directory, repository):
    print("ready", flush=True)
    time.sleep(60)
"""


def git(repository: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(repository), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environ).stdout


def write(repository: Path, name: str, text: str) -> None:
    file = repository / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    repository = tmp_path / "a repository"
    repository.mkdir()
    git(repository, "init", "--quiet")
    write(repository, "requirements/serving.txt", "")
    write(repository, "src/webapp/settings.py", "VERSION = 1\n")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "The first")
    git(repository, "tag", "first")
    write(repository, "src/webapp/settings.py", "VERSION = 2\n")
    git(repository, "commit", "--quiet", "--all", "--message", "The second")
    return repository


def worktrees(repository: Path) -> int:
    return git(repository, "worktree", "list", "--porcelain").count("worktree ")


@pytest.mark.parametrize("name", ["no-such-name", "--all", "", "HEAD:src", "first..HEAD"])
def test_a_name_that_is_not_a_commit_is_refused(repository: Path, name: str):
    with pytest.raises(UsageError, match="is not a revision"):
        find_revision(name, repository)


def test_a_revision_is_named_by_hash_and_subject(repository: Path):
    commit = git(repository, "rev-parse", "first").strip()

    assert find_revision("first", repository) == Revision(commit, "The first")


def test_the_worktree_has_the_files_of_the_revision(repository: Path, tmp_path: Path):
    with worktree(find_revision("first", repository), tmp_path / "old", repository) as directory:
        assert (directory / "src/webapp/settings.py").read_text() == "VERSION = 1\n"
        assert worktrees(repository) == 2

    assert not directory.exists()
    assert worktrees(repository) == 1


def test_a_revision_without_the_benchmark_gets_its_application(repository: Path, tmp_path: Path):
    with worktree(find_revision("first", repository), tmp_path / "old", repository) as directory:
        assert (directory / "benchmarks/application/views.py").exists()
        assert (directory / "benchmarks/__init__.py").exists()


def test_the_worktree_of_a_revision_without_a_lock_file_is_removed(repository: Path, tmp_path: Path):
    git(repository, "rm", "--quiet", "requirements/serving.txt")
    git(repository, "commit", "--quiet", "--message", "The third")

    with (
        pytest.raises(UsageError, match="has no requirements"),
        worktree(find_revision("HEAD", repository), tmp_path / "old", repository),
    ):
        pass

    assert worktrees(repository) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_worktree_is_removed_when_its_process_is_killed(repository: Path, tmp_path: Path, number: signal.Signals):
    directory = tmp_path / "old"
    with subprocess.Popen(
        [sys.executable, "-c", WAITING_IN_WORKTREE, str(repository), str(directory)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.send_signal(number)
    assert line == b"ready\n"

    deadline = time.monotonic() + 120
    while (directory.exists() or worktrees(repository) > 1) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not directory.exists()
    assert worktrees(repository) == 1


def test_uncommitted_files_are_named(repository: Path):
    clean = describe_checkout(repository)
    write(repository, "src/webapp/settings.py", "VERSION = 3\n")
    write(repository, "src/webapp/new.py", "")

    assert clean == str(find_revision("HEAD", repository))
    assert describe_checkout(repository) == (
        f"{clean}, and uncommitted changes to src/webapp/settings.py, src/webapp/new.py"
    )


def test_an_unknown_revision_is_reported_in_one_line():
    completed = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--against", "no-such-name"],
        capture_output=True,
        text=True,
        check=False,
        cwd=CHECKOUT,
    )

    assert completed.returncode == 2
    assert completed.stderr.startswith("benchmarks: --against 'no-such-name' is not a revision of ")
    assert completed.stderr.count("\n") == 1
