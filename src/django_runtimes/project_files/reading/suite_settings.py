"""Finds the settings of the project's tests if they lack the library's lines."""

import ast
from collections.abc import Iterator
from pathlib import Path

from django_runtimes.compare.suite.pytest_configuration import find_pytest_configuration
from django_runtimes.project_files.changes.settings_lines import calls_configure
from django_runtimes.project_files.reading.layout import Layout, find_module

# The usual names of test settings beside the settings. `tests` is missing, since a module of that name contains tests.
_FOR_TESTS = ("test", "testing", "test_settings", "settings_test", "ci")
_APPS = "INSTALLED_APPS"


def suite_settings_without_lines(layout: Layout) -> Path | None:
    """Return the file of the tests' settings if neither it nor settings that it imports call configure(), or None."""
    folders = list(dict.fromkeys((layout.python_path, layout.root)))
    found = _named_by_pytest(layout, folders) or _beside_settings(layout, folders)
    if found is None or any(path == layout.settings_file or calls_configure(path) for path in _imported(found)):
        return None
    return found


def _named_by_pytest(layout: Layout, folders: list[Path]) -> Path | None:
    configuration = find_pytest_configuration(dict.fromkeys((layout.root, layout.python_path)))
    if configuration is None or configuration.settings is None:
        return None
    found = find_module(folders, configuration.settings)
    return None if found is None else found[1]


def _beside_settings(layout: Layout, folders: list[Path]) -> Path | None:
    package = layout.settings.rpartition(".")[0]
    for name in _FOR_TESTS:
        found = find_module(folders, f"{package}.{name}".lstrip("."))
        if found is not None and (len(list(_imported(found[1]))) > 1 or _APPS.encode() in found[1].read_bytes()):
            return found[1]
    return None


def _imported(path: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Yield the file, and the project's files from which it imports everything."""
    yield path
    try:
        statements = ast.parse(path.read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return
    for node in statements:
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            file = _file_of(node, path)
            if file is not None and file not in (*above, path):
                yield from _imported(file, (*above, path))


def _file_of(node: ast.ImportFrom, path: Path) -> Path | None:
    """Return the file of a relative import, or of an absolute one from a parent folder."""
    parts = (node.module or "").split(".") if node.module else []
    folders = [path.parents[node.level - 1]] if node.level else list(path.parents)
    for folder in folders:
        module = folder.joinpath(*parts)
        for candidate in (module.with_name(f"{module.name}.py"), module / "__init__.py"):
            if candidate.is_file():
                return candidate
    return None
