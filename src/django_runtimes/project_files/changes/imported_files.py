"""Finds the project's files that a module imports, from their source alone."""

import ast
from collections.abc import Iterator
from pathlib import Path


def imported_files(path: Path, root: Path, *, is_whole: bool = False) -> Iterator[Path]:
    """Yield the file, and then each file below `root` that it imports, directly or through others.

    With `is_whole`, follow only imports of everything (`from .base import *`).
    """
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        file = waiting.pop(0)
        if file.resolve() in found:
            continue
        found.add(file.resolve())
        yield file
        try:
            tree = ast.parse(file.read_bytes())
        except (OSError, SyntaxError, ValueError):
            continue
        for node in _loaded(tree):
            waiting += _files_of(node, file, root, is_whole=is_whole)


def _loaded(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run when the module is loaded, and so not those in functions."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield node
            yield from _loaded(node)


def _files_of(node: ast.AST, path: Path, root: Path, *, is_whole: bool) -> Iterator[Path]:
    inside = [folder for folder in path.parents if folder.is_relative_to(root)]
    match node:
        case ast.ImportFrom(module=module, names=names, level=level):
            folders = inside[level - 1 : level] if level else inside
            parts = module.split(".") if module else []
            if any(alias.name == "*" for alias in names):
                yield from _first(folders, parts)
            elif not is_whole:
                # A name may be a module: from . import base
                for tail in ([], *([alias.name] for alias in names)):
                    yield from _first(folders, [*parts, *tail])
        case ast.Import(names=names) if not is_whole:
            for alias in names:
                yield from _first(inside, alias.name.split("."))
        case ast.Call(args=arguments) if not is_whole:
            # django-split-settings: include("base.py", "components/*.py")
            for argument in arguments:
                if isinstance(argument, ast.Constant) and str(argument.value).endswith(".py"):
                    yield from _matching(path.parent, str(argument.value))


def _first(folders: list[Path], parts: list[str]) -> Iterator[Path]:
    for folder in folders:
        module = folder.joinpath(*parts)
        for candidate in (module.with_name(f"{module.name}.py"), module / "__init__.py"):
            if candidate.is_file():
                yield candidate
                return


def _matching(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(folder.glob(pattern))
    except (ValueError, NotImplementedError):
        return []
