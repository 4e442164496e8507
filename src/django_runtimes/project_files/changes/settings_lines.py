"""Appends the call of `configure()` to a settings file."""

import ast
from pathlib import Path

from django_runtimes.cli.text_files.text_encoding import newline_of
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.project_files.changes.file_plan import FilePlan
from django_runtimes.project_files.changes.imported_files import imported_files

# Linters object to an import that follows other statements.
LINES = ("from django_runtimes import configure  # noqa: E402", "configure(globals())")


def plan_settings(plan: FilePlan, path: Path) -> None:
    """Plan the lines, unless the file, or one that it imports, has the call already."""
    source = plan.read(path) or b""
    if _has_call(source, plan.name(path)):
        plan.already.append(f"{plan.name(path)} calls configure()")
        return
    for other in imported_files(path, plan.root):
        if other != path and calls_configure(other):
            plan.already.append(f"{plan.name(other)} calls configure()")
            return
    newline = newline_of(source)
    start = b"" if not source or source.endswith((b"\n", b"\r")) else newline
    changed = source + start + b"".join(line.encode() + newline for line in LINES)
    if len(_statements(changed, plan.name(path))) != len(_statements(source, plan.name(path))) + len(LINES):
        raise UsageError(f"{plan.name(path)} does not end with a complete statement; end it with a newline")
    plan.write(path, changed)


def calls_configure(path: Path) -> bool:
    """Return whether a file calls configure(); False if it is not valid Python."""
    try:
        return _has_call(path.read_bytes(), path.name)
    except UsageError:
        return False


def _has_call(source: bytes, name: str) -> bool:
    return any(
        isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Name) and node.func.id == "configure")
            or (isinstance(node.func, ast.Attribute) and node.func.attr == "configure")
        )
        and len(node.args) == 1
        and ast.unparse(node.args[0]) == "globals()"
        for node in ast.walk(ast.Module(_statements(source, name), []))
    )


def _statements(source: bytes, name: str) -> list[ast.stmt]:
    try:
        return ast.parse(source, name).body
    except (SyntaxError, ValueError) as error:
        raise UsageError(f"{name} is not valid Python: {error}; fix it there") from None
