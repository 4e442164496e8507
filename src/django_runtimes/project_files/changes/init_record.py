"""Reads and writes .webapp/init.json, the record from which `webapp init --undo` restores files."""

import base64
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django_runtimes.cli.tool_error import UsageError

FOLDER = ".webapp"
FILE = f"{FOLDER}/init.json"
_SCHEMA = 1


@dataclass(frozen=True)
class WrittenFile:
    """A written file: its path in the project, its former content and its new hash, each None if there is no file.

    `earlier_sha256` are the hashes that earlier runs gave the file, which a killed run may leave in place.
    """

    path: str
    before: bytes | None
    before_mode: int | None
    after_sha256: str | None
    earlier_sha256: tuple[str | None, ...] = ()


@dataclass(frozen=True)
class InitRecord:
    """The record; `is_complete` is false while files are being written, and `folders` are the newly created ones."""

    files: tuple[WrittenFile, ...]
    folders: tuple[str, ...]
    is_complete: bool


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of a file's content."""
    return hashlib.sha256(content).hexdigest()


def render_init_record(record: InitRecord) -> bytes:
    """Render the record as JSON."""
    files = [
        {
            "path": file.path,
            "before": None if file.before is None else base64.b64encode(file.before).decode(),
            "before_mode": file.before_mode,
            "after_sha256": file.after_sha256,
            "earlier_sha256": list(file.earlier_sha256),
        }
        for file in record.files
    ]
    content = {"schema": _SCHEMA, "complete": record.is_complete, "folders": list(record.folders), "files": files}
    return (json.dumps(content, indent=2) + "\n").encode()


def require_record_folder(root: Path) -> None:
    """Raise UsageError unless the record's folder is a folder of the project, or does not exist yet."""
    folder = root / FOLDER
    if not os.path.lexists(folder):
        return
    if not folder.resolve().is_relative_to(root.resolve()):
        raise UsageError(
            f"{FOLDER} is a link to {folder.resolve()}, and webapp init writes nothing outside {root}; replace the "
            "link with the folder, or remove it"
        )
    if not folder.is_dir():
        raise UsageError(f"{FOLDER} is not a folder, but webapp init writes its record there; rename or remove it")


def read_init_record(root: Path) -> InitRecord | None:
    """Return the record in a project, or None; UsageError if it is invalid or outside the project, or its files are."""
    require_record_folder(root)
    path = root / FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{FILE} cannot be read: {error}; restore it, or undo the changes by hand") from None
    try:
        content = json.loads(text)
        if content["schema"] != _SCHEMA:
            raise UsageError(
                f"{FILE} has schema {content['schema']!r} but this version reads {_SCHEMA}; "
                "use the version that wrote it"
            )
        files = tuple(
            WrittenFile(
                path=str(file["path"]),
                before=None if file["before"] is None else base64.b64decode(file["before"]),
                before_mode=file["before_mode"],
                after_sha256=file["after_sha256"],
                # Records of older versions do not have this key.
                earlier_sha256=tuple(file.get("earlier_sha256", ())),
            )
            for file in content["files"]
        )
        record = InitRecord(files, tuple(content["folders"]), bool(content["complete"]))
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{FILE} is damaged ({error!r}); restore it, or undo the changes by hand") from None
    _require_inside(root, [*(file.path for file in files), *record.folders])
    return record


def _require_inside(root: Path, names: Sequence[str]) -> None:
    for name in names:
        if not (root / name).resolve().is_relative_to(root.resolve()):
            raise UsageError(
                f"{FILE} names {name}, which is outside {root}, and webapp init writes only inside the project; "
                "restore the file, or undo the changes by hand"
            )
