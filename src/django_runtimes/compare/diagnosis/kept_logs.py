"""Saves the logs of failed targets beside the report."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from django_runtimes.compare.diagnosis.masking import masked

FOLDER = "logs"


def keep_logs(name: str, logs: Sequence[Path], folder: Path, secrets: frozenset[str]) -> str | None:
    """Write the logs of a target's processes into one file, without secrets.

    Return the file's path relative to the report, or None when the logs are empty.
    """
    written = [log for log in logs if log.is_file() and log.stat().st_size]
    if not written:
        return None
    folder.mkdir(exist_ok=True)
    file_name = f"{name.replace('/', '-')}.log"
    with (folder / file_name).open("w", encoding="utf-8") as file:
        for log in written:
            if len(written) > 1:
                file.write(f"==> {log.name} <==\n")
            file.writelines(masked(line, secrets) for line in _lines(log))
    return f"{FOLDER}/{file_name}"


def _lines(log: Path) -> Iterator[str]:
    with log.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            yield line if line.endswith("\n") else f"{line}\n"
