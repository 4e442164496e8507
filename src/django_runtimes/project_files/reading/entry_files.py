"""Finds lines of manage.py, wsgi.py and asgi.py on which a project relies, since no runtime runs these files."""

import ast
from collections.abc import Iterator
from pathlib import Path

from django_runtimes.cli.project.import_root import MANAGE
from django_runtimes.project_files.reading.layout import Layout

_SERVED = ("wsgi.py", "asgi.py")
_READERS_OF_ENV_FILES = frozenset({"load_dotenv", "read_dotenv", "read_env"})
_PATH = "sys.path"
_CONFIGURATIONS = "configurations"


def file_that_changes_sys_path(layout: Layout) -> str | None:
    """Return the name of the first of these files that changes sys.path, or None."""
    return next((_name(path, layout) for path, tree in _trees(layout) if _changes_path(tree)), None)


def file_that_reads_env(layout: Layout) -> tuple[str, str] | None:
    """Return the first of these files that loads an .env file, and the function that it calls, by name; or None."""
    found = ((_name(path, layout), name) for path, tree in _trees(layout) if (name := _reader(tree)))
    return next(found, None)


def reads_env(path: Path) -> bool:
    """Return whether a Python file loads variables from an .env file."""
    return _reader(_tree(path)) is not None


def file_with_configurations(layout: Layout, *, is_chosen: bool) -> str | None:
    """Return the name of a file that imports django-configurations, or None if the settings are a plain module.

    If the user has chosen the settings, this looks only at their file.
    """
    trees = [(layout.settings_file, _tree(layout.settings_file)), *([] if is_chosen else _trees(layout))]
    return next((_name(path, layout) for path, tree in trees if _imports(tree, _CONFIGURATIONS)), None)


def _trees(layout: Layout) -> Iterator[tuple[Path, ast.Module]]:
    folders = dict.fromkeys((layout.python_path, layout.root))
    paths = [folder / MANAGE for folder in folders]
    for folder in folders:
        for name in _SERVED:
            paths += [*sorted(folder.glob(f"*/{name}")), folder / name]
    yield from ((path, _tree(path)) for path in paths if path.is_file())


def _tree(path: Path) -> ast.Module:
    """Parse a file; return an empty module if it is not valid Python."""
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ast.Module([], [])


def _name(path: Path, layout: Layout) -> str:
    return path.relative_to(layout.root).as_posix()


def _changes_path(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Attribute() as changed)) if ast.unparse(changed) == _PATH:
                return True
            case ast.Assign(targets=[target]) | ast.AugAssign(target=target) if ast.unparse(target).startswith(_PATH):
                return True
    return False


def _reader(tree: ast.Module) -> str | None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in _READERS_OF_ENV_FILES:
                return name
    return None


def _imports(tree: ast.Module, package: str) -> bool:
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        if any(name.partition(".")[0] == package for name in names):
            return True
    return False
