"""Writes the files of a plan, all of them or none, and restores them later."""

import contextlib
import os
import signal
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.project_files.changes.file_plan import FileChange, FilePlan
from django_runtimes.project_files.changes.init_record import (
    FILE,
    FOLDER,
    InitRecord,
    WrittenFile,
    read_init_record,
    render_init_record,
    sha256_of,
)

_STAGED = ".webapp-init"
_NEW_MODE = 0o666


def write(plan: FilePlan) -> None:
    """Write all changes; after a failure, restore the written files and raise."""
    root = plan.root.resolve()
    earlier = read_init_record(root)
    if earlier is not None and not earlier.is_complete:
        raise UsageError("an earlier webapp init was interrupted; undo it first: webapp init --undo")
    changes = [FileChange(root / FOLDER / ".gitignore", None, b"*\n"), *plan.changes]
    changes = [change for change in changes if change.before is not None or not change.path.exists()]
    for change in plan.changes:
        if _read(change.path) != change.before:
            raise UsageError(
                f"{plan.name(change.path)} was changed by another process, and nothing is written; run this again"
            )
    folders = [*_missing_folders(root, changes)]
    record = _record(root, changes, folders, earlier)
    replaced: list[tuple[FileChange, int | None]] = []
    try:
        (root / FOLDER).mkdir(exist_ok=True)
        # The record is written first, so that even a killed init can be undone.
        _replace(root / FILE, render_init_record(record), None)
        for folder in folders:
            (root / folder).mkdir(exist_ok=True)
        # All new content is staged first, so that a full disk fails before any file is replaced.
        for change in changes:
            if change.after is not None:
                _stage(change.path, change.after, _mode(change.path))
        for change in changes:
            replaced.append((change, _mode(change.path)))
            if change.after is None:
                change.path.unlink()
            else:
                _staged(change.path).replace(change.path)
        _replace(root / FILE, render_init_record(InitRecord(record.files, record.folders, is_complete=True)), None)
    except BaseException:
        with _signals_blocked():
            _restore(root, changes, replaced, folders, earlier)
        raise


@dataclass(frozen=True)
class UndoOutcome:
    """The paths of the restored files, and of the files that were kept as they are."""

    restored: list[str]
    kept: list[str]


def undo_adoption(root: Path, *, keeps_edited: bool = False) -> UndoOutcome:
    """Restore every file; one that was edited after init is kept if `keeps_edited`, and otherwise raises UsageError."""
    root = root.resolve()
    record = read_init_record(root)
    if record is None:
        raise UsageError(f"{FILE} is not in {root}, so there is nothing to undo; use your own backup")
    waiting = [file for file in record.files if not _is_restored(root / file.path, file)]
    edited = {
        file.path: complaint
        for file in waiting
        if (complaint := _edited(root, file) or _names_removed_wheel(file, record))
    }
    if edited and not keeps_edited:
        raise UsageError(next(iter(edited.values())))
    waiting = [file for file in waiting if file.path not in edited]
    try:
        for file in waiting:
            if file.before is not None:
                _stage(root / file.path, file.before, file.before_mode)
        with _signals_blocked():
            for file in waiting:
                path = root / file.path
                if file.before is None:
                    path.unlink(missing_ok=True)
                else:
                    _staged(path).replace(path)
            for file in record.files:
                if file.path not in edited and file.before_mode is not None:
                    (root / file.path).chmod(file.before_mode)
            (root / FILE).unlink()
    finally:
        for name in (FILE, *(file.path for file in record.files)):
            _staged(root / name).unlink(missing_ok=True)
    _remove_folders(root, record.folders)
    return UndoOutcome([file.path for file in waiting if not file.path.startswith(f"{FOLDER}/")], list(edited))


def _edited(root: Path, file: WrittenFile) -> str | None:
    """Return the error and remedy for a file that was edited or removed after init, or None."""
    content = _read(root / file.path)
    digest = None if content is None else sha256_of(content)
    if digest in (file.after_sha256, *file.earlier_sha256) or (content is None and file.before is None):
        return None
    what = "removed" if content is None else "edited"
    return (
        f"{file.path} was {what} after webapp init wrote it, so nothing is undone; restore it, "
        "or keep such files and restore all others: webapp init --undo --keep-edited"
    )


def _names_removed_wheel(file: WrittenFile, record: InitRecord) -> str | None:
    """Return the error and remedy for a file that named this library's wheel before a later run, or None.

    Such a file was compiled between two runs, so that its former content needs a wheel that --undo removes.
    """
    wheels = [Path(other.path).name for other in record.files if other.before is None and other.earlier_sha256]
    for number, line in enumerate((file.before or b"").splitlines(), 1):
        for wheel in wheels:
            if wheel.endswith(".whl") and wheel.encode() in line:
                return (
                    f"{file.path} named {wheel} in line {number} before the last webapp init, and --undo removes this "
                    "wheel, so nothing is undone; remove the line, then run: webapp init --undo --keep-edited"
                )
    return None


def _is_restored(path: Path, file: WrittenFile) -> bool:
    return _read(path) == file.before


def _record(
    root: Path, changes: Sequence[FileChange], folders: Sequence[str], earlier: InitRecord | None
) -> InitRecord:
    """Return the record of these and all earlier changes, with the content before the first of them."""
    files = {file.path: file for file in earlier.files} if earlier else {}
    for change in changes:
        name = change.path.relative_to(root).as_posix()
        after = None if change.after is None else sha256_of(change.after)
        known = files.get(name)
        if known is None:
            files[name] = WrittenFile(name, change.before, _mode(change.path), after)
        elif not _is_edited(change, known):
            written = (*known.earlier_sha256, known.after_sha256)
            files[name] = replace(known, after_sha256=after, earlier_sha256=written)
        # An edited file keeps the hash from before the edit, so that --undo still finds it edited.
    return InitRecord(tuple(files.values()), (*(earlier.folders if earlier else ()), *folders), is_complete=False)


def _is_edited(change: FileChange, known: WrittenFile) -> bool:
    """Return whether the file had content of the user's own since the run that wrote it."""
    if change.before is None or change.before == known.before:
        return False
    return sha256_of(change.before) not in (known.after_sha256, *known.earlier_sha256)


def _restore(
    root: Path,
    changes: Sequence[FileChange],
    replaced: Sequence[tuple[FileChange, int | None]],
    folders: Sequence[str],
    earlier: InitRecord | None,
) -> None:
    for change in changes:
        _staged(change.path).unlink(missing_ok=True)
    for change, mode in replaced:
        if change.before is None:
            change.path.unlink(missing_ok=True)
        elif _read(change.path) != change.before:
            _replace(change.path, change.before, mode)
    _staged(root / FILE).unlink(missing_ok=True)
    if earlier is None:
        (root / FILE).unlink(missing_ok=True)
    else:
        _replace(root / FILE, render_init_record(earlier), None)
    _remove_folders(root, folders)


def _missing_folders(root: Path, changes: Sequence[FileChange]) -> Iterator[str]:
    """Yield the folders that the changes need and that do not exist, outer ones first."""
    seen: set[Path] = set()
    for change in changes:
        for folder in reversed(change.path.relative_to(root).parents):
            if folder not in seen and not (root / folder).exists():
                seen.add(folder)
                yield folder.as_posix()


def _remove_folders(root: Path, folders: Sequence[str]) -> None:
    for folder in (*reversed(folders), FOLDER):
        # A folder with other files in it stays.
        with contextlib.suppress(OSError):
            (root / folder).rmdir()


def _replace(path: Path, content: bytes, mode: int | None) -> None:
    _stage(path, content, mode)
    _staged(path).replace(path)


def _staged(path: Path) -> Path:
    return path.with_name(f".{path.name}{_STAGED}")


def _stage(path: Path, content: bytes, mode: int | None) -> None:
    """Write the content to a temporary file beside the file, with the same mode and owner."""
    staged = _staged(path)
    staged.unlink(missing_ok=True)
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _NEW_MODE)
    with os.fdopen(descriptor, "wb") as file:
        if mode is not None:
            os.fchmod(descriptor, mode)
        if os.geteuid() == 0 and path.exists():
            status = path.stat()
            os.fchown(descriptor, status.st_uid, status.st_gid)
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _mode(path: Path) -> int | None:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def _signals_blocked() -> Iterator[None]:
    """Block signals until the end of the block."""
    numbers = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
