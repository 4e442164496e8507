"""Finds a project's pytest configuration and the settings module in it."""

import configparser
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django_runtimes.cli.text_files.text_encoding import why_not_utf8
from django_runtimes.cli.text_files.toml_file import read_toml
from django_runtimes.cli.tool_error import UsageError

# The files are in pytest's order, and the first one with a configuration is used.
_INI_FILES = (
    ("pytest.ini", "pytest"),
    (".pytest.ini", "pytest"),
    ("tox.ini", "pytest"),
    ("setup.cfg", "tool:pytest"),
)
_REMEDY = "make it readable"
_SETTINGS_OPTION = re.compile(r"(?:^|\s)--ds[=\s]\s*([\w.]+)")


@dataclass(frozen=True)
class PytestConfiguration:
    """A configuration file, and the settings module that it names, if any."""

    path: Path
    settings: str | None


def find_pytest_configuration(folders: Iterable[Path]) -> PytestConfiguration | None:
    """Return the first configuration in these folders: pytest's own file, else a conftest.py."""
    for folder in folders:
        for path, values in _configurations(folder):
            return PytestConfiguration(path, _settings(values))
        if (folder / "conftest.py").is_file():
            return PytestConfiguration(folder / "conftest.py", None)
    return None


def settings_option(arguments: Iterable[str]) -> str | None:
    """Return the settings module in pytest-django's option --ds, if any."""
    found = _SETTINGS_OPTION.search(" ".join(arguments))
    return None if found is None else found[1]


def _configurations(folder: Path) -> Iterable[tuple[Path, Mapping[str, Any]]]:
    for name in ("pytest.toml", ".pytest.toml"):
        if (folder / name).is_file():
            yield folder / name, _table(read_toml(folder / name, remedy=_REMEDY), "pytest")
    for name, section in _INI_FILES[:2]:
        if (folder / name).is_file():
            # Like pytest, this uses the file even without the section.
            yield folder / name, _section(folder / name, section) or {}
    path = folder / "pyproject.toml"
    if path.is_file():
        tool = _table(_table(read_toml(path, remedy=_REMEDY), "tool"), "pytest")
        if values := _table(tool, "ini_options") or tool:
            yield path, values
    for name, section in _INI_FILES[2:]:
        if (folder / name).is_file() and (found := _section(folder / name, section)) is not None:
            yield folder / name, found


def _table(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = values.get(key)
    return value if isinstance(value, dict) else {}


def _section(path: Path, name: str) -> Mapping[str, Any] | None:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    # The default transform would turn pytest-django's option names into lower case.
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        content = path.read_bytes()
        if complaint := why_not_utf8(content):
            raise UsageError(f"{path} {complaint}; pytest reads UTF-8, so save it in that encoding")
        parser.read_string(content.decode())
    except (OSError, configparser.Error) as error:
        raise UsageError(f"{path} cannot be read: {' '.join(str(error).split())}; fix it there") from None
    return dict(parser[name]) if parser.has_section(name) else None


def _settings(values: Mapping[str, Any]) -> str | None:
    options = values.get("addopts", "")
    words = [str(word) for word in options] if isinstance(options, list) else [str(options)]
    return settings_option(words) or str(values.get("DJANGO_SETTINGS_MODULE") or "").strip() or None
