"""Finds the project of the command `webapp` by the `[tool.webapp]` block in its pyproject.toml."""

import difflib
import os
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from django_runtimes.cli.project.import_root import MANAGE, AmbiguousRootError, find_import_root
from django_runtimes.cli.project.passed_variables import complaint_about
from django_runtimes.cli.text_files.toml_file import known_key, read_toml
from django_runtimes.cli.tool_error import UsageError

_FILE_NAME = "pyproject.toml"
_BLOCK = "webapp"
_KEYS = ("settings", "environment", "workload", "python_path")

NO_SETTINGS = "no settings module is named; set settings in [tool.webapp] of pyproject.toml, or DJANGO_SETTINGS_MODULE"


@dataclass(frozen=True)
class Project:
    """The content of the [tool.webapp] block, and the folder of the file that contains it.

    `environment` lists the names of the project's own variables. `python_path`, if set, is the folder from which its
    modules are imported.
    """

    directory: Path
    settings: str | None = None
    workload: Path | None = None
    environment: tuple[str, ...] = ()
    python_path: Path | None = None

    @cached_property
    def import_root(self) -> Path:
        """The folder on Python's path: `python_path`, or else the folder that find_import_root() finds."""
        if self.python_path is not None:
            return self.python_path
        try:
            return find_import_root(self.directory, self.settings)
        except AmbiguousRootError as error:
            found = [str(folder.relative_to(self.directory)) for folder in error.folders]
            raise UsageError(
                f"{self.directory / _FILE_NAME}: {', '.join(found)} each contain {MANAGE} and {self.settings}; "
                f'choose one with python_path = "{found[0]}" in [tool.webapp]'
            ) from None

    @property
    def manage(self) -> Path | None:
        """The project's manage.py, if it has one."""
        folders = dict.fromkeys((self.import_root, self.directory))
        return next((folder / MANAGE for folder in folders if (folder / MANAGE).is_file()), None)

    @property
    def working_directory(self) -> Path:
        """The working directory of the project's processes: the folder of manage.py, or else the project's."""
        return self.directory if self.manage is None else self.manage.parent

    def enter(self, environ: MutableMapping[str, str]) -> None:
        """Make the modules importable here and in child processes, and set DJANGO_SETTINGS_MODULE if it is not set."""
        root = str(self.import_root)
        if os.pathsep in root:
            raise UsageError(f"the project's folder {root!r} has {os.pathsep!r} in its path; rename the folder")
        if root not in sys.path:
            sys.path.insert(0, root)
        if str(self.directory) not in sys.path:
            # Tests may be imported from the project's folder. It comes last, so that it hides nothing else.
            sys.path.append(str(self.directory))
        paths = environ.get("PYTHONPATH", "").split(os.pathsep)
        if root not in paths:
            environ["PYTHONPATH"] = os.pathsep.join(filter(None, [root, *paths]))
        if self.settings is not None and not environ.get("DJANGO_SETTINGS_MODULE"):
            environ["DJANGO_SETTINGS_MODULE"] = self.settings
            _named_by_block.append(self.settings)


# The settings that `enter` has put into DJANGO_SETTINGS_MODULE because it was not set.
_named_by_block: list[str] = []


def settings_by_variable(environ: Mapping[str, str]) -> str | None:
    """Return the settings that the user's DJANGO_SETTINGS_MODULE names, or None if the block names them."""
    return None if _named_by_block else environ.get("DJANGO_SETTINGS_MODULE") or None


def find_project(start: Path) -> Project | None:
    """Return the project with the nearest block in or above `start`, or None; UsageError for an invalid block."""
    for directory in (start, *start.parents):
        path = directory / _FILE_NAME
        if path.is_file() and (block := _block(path)) is not None:
            return _read(path, block)
    return None


def project_at(start: Path) -> Project:
    """Return the project with the nearest block in or above `start`, or else an empty project in `start`."""
    return find_project(start) or Project(start)


def _block(path: Path) -> Mapping[str, Any] | None:
    content = read_toml(path, remedy="make it readable")
    tool = content.get("tool", {})
    if not isinstance(tool, dict):
        return None
    block = tool.get(_BLOCK)
    if block is None:
        for misspelt in (*_misspelt(tool, "tool."), *_misspelt(content, "")):
            raise UsageError(f"{path}: [{misspelt}] has no effect; did you mean [tool.webapp]?")
    elif not isinstance(block, dict):
        raise UsageError(f"{path}: tool.webapp={block!r} is not a table; write it as [tool.webapp]")
    return block


def _misspelt(table: Mapping[str, Any], prefix: str) -> Iterable[str]:
    """Yield tables whose names resemble the block's: [tool.web-app], [tool.webap], [tool.Webapp], and [webapp]."""
    for name, value in table.items():
        plain = name.lower().replace("-", "").replace("_", "")
        if isinstance(value, dict) and difflib.get_close_matches(plain, [_BLOCK], n=1, cutoff=0.8):
            yield f"{prefix}{name}"


def _read(path: Path, block: Mapping[str, Any]) -> Project:
    for key, value in block.items():
        if key not in _KEYS:
            raise UsageError(f"{path}: [tool.webapp] has no key {key!r}; {known_key(key, _KEYS)}")
        if key != "environment" and (not isinstance(value, str) or not value.strip()):
            raise UsageError(f"{path}: [tool.webapp] {key}={value!r} is not a non-empty string; write one in quotes")
    settings, workload = block.get("settings"), block.get("workload")
    if settings is not None and not all(part.isidentifier() for part in settings.split(".")):
        raise UsageError(
            f'{path}: [tool.webapp] settings={settings!r} is not a module\'s name; write it as "config.settings"'
        )
    return Project(
        path.parent,
        settings,
        None if workload is None else path.parent / workload,
        _variable_names(path, block.get("environment", [])),
        _python_path(path, block.get("python_path")),
    )


def _variable_names(path: Path, names: object) -> tuple[str, ...]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UsageError(
            f"{path}: [tool.webapp] environment={names!r} is not a list of names; "
            'write it as ["REDIS_URL", "REPLICA_URL"]'
        )
    for index, name in enumerate(names):
        if complaint := complaint_about(name):
            raise UsageError(f"{path}: [tool.webapp] environment names {name!r}, which {complaint}")
        if name in names[:index]:
            raise UsageError(f"{path}: [tool.webapp] environment names {name!r} twice; name it once")
    return tuple(names)


def _python_path(path: Path, text: str | None) -> Path | None:
    if text is None:
        return None
    folder = Path(os.path.normpath(path.parent / text))
    if not folder.is_dir():
        raise UsageError(
            f"{path}: [tool.webapp] python_path={text!r} is not a folder beside this file; "
            "name the folder that contains manage.py, or the settings' package"
        )
    return folder
