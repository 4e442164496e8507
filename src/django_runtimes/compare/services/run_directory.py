"""Temporary directories that are removed at the end, or by the next run after a crash."""

import contextlib
import fcntl
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django_runtimes.compare.compare_error import CompareError

_PREFIX = "webapp-service-"


@contextmanager
def run_directory(account: pwd.struct_passwd | None) -> Iterator[Path]:
    """Create an empty directory that `account` can enter, and remove it at the end.

    First remove the directories of owners that were killed. An owner is alive while it holds the lock on its directory,
    which the kernel releases when it dies.
    """
    place = _parent_directory(account)
    _remove_stale(place)
    directory, lock = _make_locked(place)
    try:
        if account is not None:
            directory.chmod(0o711)
        yield directory
    finally:
        # The next run removes files that cannot be removed now.
        shutil.rmtree(directory, ignore_errors=True)
        os.close(lock)


def _parent_directory(account: pwd.struct_passwd | None) -> Path:
    temporary = Path(tempfile.gettempdir())
    if account is None:
        return temporary
    for place in (temporary, Path("/var/tmp"), Path("/tmp")):  # noqa: S108 - a random name follows
        if place.is_dir() and _others_can_execute(place):
            return place
    raise CompareError(
        f"{temporary}, /var/tmp and /tmp cannot hold programs that the account {account.pw_name!r} runs; "
        "set TMPDIR to a directory that every user can enter and that is not mounted noexec"
    )


def _others_can_execute(place: Path) -> bool:
    real = place.resolve()
    if os.statvfs(real).f_flag & os.ST_NOEXEC:
        return False
    return all(part.stat().st_mode & 0o001 for part in (real, *real.parents))


def _make_locked(place: Path) -> tuple[Path, int]:
    while True:
        directory = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
        # Another run may remove the directory as stale before this one holds the lock.
        try:
            lock = os.open(directory, os.O_RDONLY)
        except FileNotFoundError:
            continue
        fcntl.flock(lock, fcntl.LOCK_EX)
        if directory.exists():
            return directory, lock
        os.close(lock)


def _remove_stale(place: Path) -> None:
    for directory in place.glob(f"{_PREFIX}*"):
        # Skip directories that are already gone, belong to another user, or are in use.
        with contextlib.suppress(OSError):
            if directory.lstat().st_uid != os.geteuid():
                continue
            lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(directory, ignore_errors=True)
            finally:
                os.close(lock)
