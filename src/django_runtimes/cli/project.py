"""Finds the project that the command `webapp` works on, by the `[tool.webapp]` block of its pyproject.toml."""

import os
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django_runtimes.cli.errors import UsageError
from django_runtimes.cli.toml_file import known_key, read_toml

_FILE_NAME = "pyproject.toml"
_KEYS = ("settings", "workload")

NO_SETTINGS = "no settings module is named; set settings in [tool.webapp] of pyproject.toml, or DJANGO_SETTINGS_MODULE"


@dataclass(frozen=True)
class Project:
    """What the block says: the folder that holds it, the settings module and the workload's file."""

    directory: Path
    settings: str | None = None
    workload: Path | None = None

    def enter(self, environ: MutableMapping[str, str]) -> None:
        """Make the folder importable here and in child processes, and name the settings unless a variable does."""
        directory = str(self.directory)
        if directory not in sys.path:
            sys.path.insert(0, directory)
        paths = environ.get("PYTHONPATH", "").split(os.pathsep)
        if directory not in paths:
            environ["PYTHONPATH"] = os.pathsep.join(filter(None, [directory, *paths]))
        if self.settings is not None and not environ.get("DJANGO_SETTINGS_MODULE"):
            environ["DJANGO_SETTINGS_MODULE"] = self.settings


def find_project(start: Path) -> Project | None:
    """The project whose block is nearest above `start`; None without one. UsageError for a block that is wrong."""
    for directory in (start, *start.parents):
        path = directory / _FILE_NAME
        if path.is_file() and (block := _block(path)) is not None:
            return _read(path, block)
    return None


def project_directory(start: Path) -> Path:
    """The project's folder; `start` where nothing names a project."""
    project = find_project(start)
    return start if project is None else project.directory


def _block(path: Path) -> Mapping[str, Any] | None:
    content = read_toml(path, remedy="make it readable")
    tool = content.get("tool", {})
    block = tool.get("webapp") if isinstance(tool, dict) else None
    if block is not None and not isinstance(block, dict):
        raise UsageError(f"{path}: tool.webapp={block!r} is not a table; write it as [tool.webapp]")
    return block


def _read(path: Path, block: Mapping[str, Any]) -> Project:
    for key, value in block.items():
        if key not in _KEYS:
            raise UsageError(f"{path}: [tool.webapp] has no key {key!r}; {known_key(key, _KEYS)}")
        if not isinstance(value, str) or not value.strip():
            raise UsageError(f"{path}: [tool.webapp] {key}={value!r} is not a text; write it in quotes")
    settings, workload = block.get("settings"), block.get("workload")
    if settings is not None and not all(part.isidentifier() for part in settings.split(".")):
        raise UsageError(
            f'{path}: [tool.webapp] settings={settings!r} is not a module\'s name; write it as "config.settings"'
        )
    return Project(path.parent, settings, None if workload is None else path.parent / workload)
