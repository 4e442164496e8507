"""Reads the requirements that setuptools collects from setup.cfg, setup.py and the files that they name."""

import configparser
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django_runtimes.cli.text_files.text_encoding import why_not_utf8
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.project_files.dependencies.requirement_files import RequirementFile, read_requirements

_SETUP_PY, _SETUP_CFG = "setup.py", "setup.cfg"
_KEY = "install_requires"


def has_own_requirements(root: Path, data: Mapping[str, Any]) -> bool:
    """Return whether a build of the project finds requirements: dynamic dependencies, setup.cfg or setup.py."""
    is_dynamic = "dependencies" in data.get("project", {}).get("dynamic", [])
    script = root / _SETUP_PY
    return is_dynamic or bool(_install_requires(root)) or (script.is_file() and _KEY.encode() in script.read_bytes())


def is_read_by_setuptools(file: Path, root: Path, data: Mapping[str, Any]) -> bool:
    """Return whether a build of the project reads `file`, because pyproject.toml, setup.cfg or setup.py names it."""
    script = root / _SETUP_PY
    is_named = file.suffix == ".txt" and script.is_file() and file.name.encode() in script.read_bytes()
    return is_named or any(part.path == file for part in setuptools_files(root, data))


def setuptools_files(root: Path, data: Mapping[str, Any]) -> tuple[RequirementFile, ...]:
    """Return the files from which setuptools reads the dependencies, if any."""
    dynamic = data.get("tool", {}).get("setuptools", {}).get("dynamic", {}).get("dependencies", {})
    names = dynamic.get("file", []) if isinstance(dynamic, dict) else []
    listed = _install_requires(root)
    if listed.startswith("file:"):
        names = listed.removeprefix("file:").split(",")
    return tuple(_files(root, [names] if isinstance(names, str) else names))


def _files(root: Path, names: Iterable[str]) -> Iterable[RequirementFile]:
    return (read_requirements(root / name.strip()) for name in names)


def _install_requires(root: Path) -> str:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(root / _SETUP_CFG, encoding="utf-8")
        return parser.get("options", _KEY, fallback="").strip()
    except UnicodeDecodeError:
        complaint = why_not_utf8((root / _SETUP_CFG).read_bytes())
        raise UsageError(f"{_SETUP_CFG} {complaint}, the encoding that setuptools reads; save it as UTF-8") from None
    except configparser.Error:
        return ""
