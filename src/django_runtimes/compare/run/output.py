"""Writes the folder of a comparison's results, completely or not at all."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.diagnosis.kept_logs import FOLDER
from django_runtimes.compare.gate.gate_outcome import GateOutcome
from django_runtimes.compare.record.results import Run, write_whole
from django_runtimes.compare.report.content import Content
from django_runtimes.compare.report.report_files import write_reports

_REPORTS, _COMPARE_REPORTS = "reports", "compare-reports"


def choose_directory(wanted: Path | None, project: Path) -> Path:
    """Return the folder to create at the end, by default below the project; raise UsageError if that is impossible."""
    if wanted is None:
        return _unused(_reports_folder(project) / datetime.now(UTC).strftime("%Y-%m-%d-%H%M%S"))
    if wanted.exists() and (not wanted.is_dir() or any(wanted.iterdir())):
        raise UsageError(f"--output '{wanted}' exists and is not an empty folder; name another")
    try:
        wanted.parent.mkdir(parents=True, exist_ok=True)
        # Checking permissions is not enough: root has all of them, and still cannot create folders below /proc.
        Path(tempfile.mkdtemp(dir=wanted.parent, prefix=f".{wanted.name}.")).rmdir()
    except OSError as error:
        raise UsageError(f"--output '{wanted}' cannot be created ({error.strerror}); name another") from error
    return wanted


def _reports_folder(project: Path) -> Path:
    """Return `reports`, or `compare-reports` if `reports` has Python code, such as an app."""
    folder = project / _REPORTS
    return project / _COMPARE_REPORTS if any(folder.rglob("*.py")) else folder


def publish(
    run: Run,
    directory: Path,
    kept_logs: Path | None = None,
    *,
    outcomes: Sequence[GateOutcome] = (),
    saved_as: Path | None = None,
) -> Content | None:
    """Write run.json, the reports and the files in `kept_logs` to a temporary folder, then rename it to `directory`.

    The reports contain the `outcomes` of conditions. Return their content; a run of claims has none.

    If that fails, for example on a full disk, raise CompareError with the path where the run was saved instead, or
    with `saved_as`, where it was before. Any other exception is a bug; it gets a note with this path.
    """
    try:
        return _publish(run, directory, kept_logs, outcomes)
    except OSError as error:
        place = saved_as or _kept(run)
        raise CompareError(
            f"cannot write the report to '{directory}' ({error.strerror}); the measurements are in {place}"
        ) from error
    except Exception as error:
        error.add_note(f"The measurements are in {saved_as or _kept(run)}.")
        raise


def _kept(run: Run) -> Path:
    """Save a run whose report cannot be written."""
    return run.save(Path(tempfile.mkdtemp(prefix="webapp-compare-")))


def publish_texts(texts: Mapping[str, str], directory: Path) -> None:
    """Write each text into a temporary folder under its name, then rename the folder to `directory`."""
    try:
        with _created(directory) as folder:
            for name, text in texts.items():
                write_whole(folder / name, text)
    except OSError as error:
        raise CompareError(f"cannot write the report to '{directory}' ({error.strerror}); name another") from error


def _publish(run: Run, directory: Path, kept_logs: Path | None, outcomes: Sequence[GateOutcome]) -> Content | None:
    with _created(directory) as folder:
        run.save(folder)
        content = write_reports(run, folder, outcomes=outcomes)
        if kept_logs is not None and any(kept_logs.iterdir()):
            shutil.copytree(kept_logs, folder / FOLDER, copy_function=shutil.copyfile)
            # copytree copies the mode of the temporary folder, which only its owner can read.
            (folder / FOLDER).chmod(0o755)
    return content


@contextmanager
def _created(directory: Path) -> Iterator[Path]:
    """Yield a folder to fill, which then gets its name; if that fails, it is removed."""
    is_new = directory.parent.name in (_REPORTS, _COMPARE_REPORTS) and not directory.parent.exists()
    directory.parent.mkdir(parents=True, exist_ok=True)
    if is_new:
        # Git then ignores the reports; a folder that existed before is the project's.
        write_whole(directory.parent / ".gitignore", "*\n")
    unfinished = Path(tempfile.mkdtemp(dir=directory.parent, prefix=f".{directory.name}."))
    try:
        yield unfinished
        # mkdtemp gives access only to the owner, but other users may read a report.
        unfinished.chmod(0o755)
        unfinished.replace(directory)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _unused(directory: Path) -> Path:
    candidate, number = directory, 1
    while candidate.exists():
        number += 1
        candidate = directory.with_name(f"{directory.name}-{number}")
    return candidate
