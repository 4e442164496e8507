"""Finds a Django project's folder, its manage.py and its settings."""

import ast
from dataclasses import dataclass
from pathlib import Path

from django_runtimes.cli.project.import_root import MANAGE, folders_with_manage
from django_runtimes.cli.tool_error import UsageError

_VARIABLE = "DJANGO_SETTINGS_MODULE"
DEPENDENCIES = ("pyproject.toml", "requirements.txt", "requirements", "Pipfile")
# The usual names of settings modules for developers' machines, and of their counterparts for servers.
_FOR_DEVELOPERS = frozenset({"dev", "develop", "development", "local", "debug"})
_FOR_SERVERS = ("production", "prod")


class NoProjectError(UsageError):
    """A folder contains no Django project, and the user named no settings."""


@dataclass(frozen=True)
class Layout:
    """A project's layout: `root` contains pyproject.toml and the Dockerfile; settings are imported from `python_path`.

    `alternatives` are the other settings modules that the project names or has for its servers.
    """

    root: Path
    python_path: Path
    settings: str
    settings_file: Path
    alternatives: tuple[str, ...] = ()


def find_layout(directory: Path, *, settings: str | None, declared: str | None = None) -> Layout:
    """Find the layout of the project in `directory`; `settings` is the user's choice, `declared` is pyproject.toml's.

    NoProjectError if there is no project; UsageError if there are several, or no settings module.
    """
    manage = _find_manage(directory, is_needed=settings is None and declared is None)
    root, folders = _folders(directory, manage)
    chosen = declared if settings is None else settings
    alternatives: tuple[str, ...] = ()
    if chosen is None:
        chosen, alternatives = _named_settings(root, manage, folders)
    found = find_module(folders, chosen)
    if found is None:
        source = "--settings" if settings is not None else "pyproject.toml" if declared else "manage.py"
        raise UsageError(
            f"the settings module {chosen!r}, named by {source}, is not a file below {root}; "
            "name another one with --settings, such as config.settings"
        )
    python_path, path = found
    if settings is None and path.name == "__init__.py" and not path.read_bytes().strip():
        modules = [name for name in _siblings(path.parent, chosen) if name != chosen]
        raise UsageError(
            f"{chosen} is an empty package, and the settings are one of its modules; name it with --settings: "
            f"{', '.join(modules) or 'it has none'}"
        )
    return Layout(root, python_path, chosen, path, alternatives)


def _folders(directory: Path, manage: Path | None) -> tuple[Path, list[Path]]:
    """Return the project's folder, and the folders from which its modules may be imported."""
    root = directory
    if manage is not None and manage.parent != directory:
        has_own = any((manage.parent / name).exists() for name in DEPENDENCIES)
        if has_own and not any((directory / name).exists() for name in DEPENDENCIES):
            root = manage.parent
    candidates = [root, root / "src"] if manage is None else [manage.parent, root, root / "src"]
    return root, list(dict.fromkeys(candidates))


def _find_manage(directory: Path, *, is_needed: bool) -> Path | None:
    found = manage_files(directory)
    if len(found) == 1:
        return found[0]
    if not is_needed:
        return None
    if found:
        raise UsageError(
            f"{len(found)} Django projects are here ({', '.join(str(path.relative_to(directory)) for path in found)}), "
            "but only one can be adopted at a time; run webapp init in the folder of one"
        )
    raise NoProjectError(
        f"no {MANAGE} in {directory} or up to two folders below it; run webapp init in a Django project's folder, "
        "or name the settings with --settings, such as config.settings"
    )


def manage_files(directory: Path) -> list[Path]:
    """Return the manage.py files of Django projects in a folder, or up to two folders below it."""
    own = directory / MANAGE
    if own.is_file():
        return [own]
    found = (folder / MANAGE for folder in folders_with_manage(directory))
    return [path for path in found if _VARIABLE.encode() in path.read_bytes()]


def _named_settings(root: Path, manage: Path | None, folders: list[Path]) -> tuple[str, tuple[str, ...]]:
    """Return the project's settings module for servers, and other modules that might be meant."""
    named = _settings_in(manage) if manage is not None else None
    served = [
        name
        for folder in folders
        for file_name in ("wsgi.py", "asgi.py")
        for path in [*sorted(folder.glob(f"*/{file_name}")), folder / file_name]
        if (name := _settings_in(path)) is not None and find_module(folders, name) is not None
    ]
    names = list(dict.fromkeys([*served, *([named] if named else [])]))
    if not names:
        raise UsageError(
            f"{MANAGE} names no settings module as a string ({_VARIABLE}); use --settings, such as config.settings"
        )
    first = names[0]
    found = find_module(folders, first)
    last = first.rpartition(".")[2]
    if found is not None and last in _FOR_DEVELOPERS:
        siblings = _siblings(found[1].parent, first.rpartition(".")[0])
        names = [name for name in siblings if name.rpartition(".")[2] in _FOR_SERVERS] + names
    return names[0], tuple(name for name in dict.fromkeys(names[1:]) if name != names[0])


def _siblings(folder: Path, package: str) -> list[str]:
    return [f"{package}.{path.stem}" for path in sorted(folder.glob("*.py")) if path.name != "__init__.py"]


def find_module(folders: list[Path], name: str) -> tuple[Path, Path] | None:
    """Return the folder from which a module is imported, and its file."""
    for folder in folders:
        path = folder.joinpath(*name.split("."))
        for candidate in (path / "__init__.py", path.with_name(f"{path.name}.py")):
            if candidate.is_file():
                return folder, candidate
    return None


def _settings_in(path: Path) -> str | None:
    """Return the value that a file assigns to DJANGO_SETTINGS_MODULE, if it is a string or has a string as default."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and len(node.args) == 2 and _is_variable(node.args[0]):
            return _text_of(node.args[1])
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Subscript)
            and _is_variable(node.targets[0].slice)
        ):
            return _text_of(node.value)
    return None


def _is_variable(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == _VARIABLE


def _text_of(node: ast.expr) -> str | None:
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.Call(args=[_, default]):
            return _text_of(default)
        case ast.Call(keywords=keywords):
            return next((_text_of(keyword.value) for keyword in keywords if keyword.arg == "default"), None)
    return None
