"""Finds the settings of the project's tests if they lack the library's lines."""

from pathlib import Path

from django_runtimes.compare.suite.pytest_configuration import find_pytest_configuration
from django_runtimes.project_files.changes.imported_files import imported_files
from django_runtimes.project_files.changes.settings_lines import calls_configure
from django_runtimes.project_files.reading.layout import Layout, find_module

# The usual names of test settings beside the settings. `tests` is missing, since a module of that name contains tests.
_FOR_TESTS = ("test", "testing", "test_settings", "settings_test", "ci")
_APPS = "INSTALLED_APPS"


def suite_settings_without_lines(layout: Layout) -> Path | None:
    """Return the file of the tests' settings if neither it nor settings that it imports call configure(), or None."""
    folders = list(dict.fromkeys((layout.python_path, layout.root)))
    found = _named_by_pytest(layout, folders) or _beside_settings(layout, folders)
    if found is None:
        return None
    files = imported_files(found, layout.root, is_whole=True)
    return None if any(path == layout.settings_file or calls_configure(path) for path in files) else found


def command_with(layout: Layout, path: Path) -> str:
    """Return the `webapp test` command that uses these settings of the tests."""
    folders = list(dict.fromkeys((layout.python_path, layout.root)))
    if _named_by_pytest(layout, folders) == path:
        return "webapp test"
    option = "--settings" if find_pytest_configuration(folders) is None else "--ds"
    folder = next(folder for folder in folders if path.is_relative_to(folder))
    parts = path.relative_to(folder).with_suffix("").parts
    return f"webapp test -- {option} {'.'.join(part for part in parts if part != '__init__')}"


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
        if found is None:
            continue
        path = found[1]
        if len(list(imported_files(path, layout.root, is_whole=True))) > 1 or _APPS.encode() in path.read_bytes():
            return path
    return None
