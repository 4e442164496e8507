"""The record in a folder that `webapp init --eject` copied, with which later versions find the differences."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Self

from django_runtimes.cli.tool_error import UsageError

RECORD_NAME = ".ejected.json"


@dataclass(frozen=True)
class EjectionRecord:
    """The library's version at the time of the copy, and the SHA-256 of each file by its name in the folder."""

    version: str
    files: Mapping[str, str]

    @classmethod
    def of(cls, directory: Path) -> Self:
        """Return the record of a folder's current content, with the installed version."""
        files = {
            path.relative_to(directory).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(directory.rglob("*"))
            if path.is_file() and path.name != RECORD_NAME
        }
        return cls(version("django-runtimes"), files)

    def to_json(self) -> str:
        """Return the record as JSON."""
        return json.dumps({"version": self.version, "files": self.files}, indent=2) + "\n"


def read_ejection_record(directory: Path) -> EjectionRecord | None:
    """Return the record in a folder, or None; raise UsageError if it cannot be read."""
    path = directory / RECORD_NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        files: Mapping[str, str] = dict(content["files"])
        return EjectionRecord(str(content["version"]), files)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} cannot be read: {error}; restore the file that `webapp init --eject` wrote") from None
