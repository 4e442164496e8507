"""Compares the ASTs of two modules, ignoring texts, the order of imports and stated renames."""

import ast
from collections.abc import Iterator, Sequence
from typing import Any

from ast_renames import Renames

# The fields that hold an identifier or a list of identifiers. Dotted names in imports are compared separately.
_NAMES = {"id", "attr", "arg", "name", "names", "rest", "kwd_attrs"}
_IGNORED = {"ctx", "type_comment", "type_ignores", "kind"}
_IMPORTS = (ast.Import, ast.ImportFrom)


def differences(old: ast.AST, new: ast.AST, renames: Renames) -> Iterator[str]:
    """Yield `line: difference` for each difference, with the line in the new module."""
    yield from _nodes(old, new, renames, 1)


def _nodes(old: Any, new: Any, renames: Renames, line: int) -> Iterator[str]:
    line = getattr(new, "lineno", line)
    old, new = _blanked(old), _blanked(new)
    if type(old) is not type(new):
        yield f"{line}: {_shown(old)} is now {_shown(new)}"
    elif isinstance(old, ast.JoinedStr):
        yield from _f_strings(old, new, renames, line)
    elif isinstance(old, ast.AST):
        for field in old._fields:
            if field not in _IGNORED:
                yield from _fields(field, getattr(old, field, None), getattr(new, field, None), renames, line)
    elif old != new:
        yield f"{line}: {old!r} is now {new!r}"


def _fields(field: str, old: Any, new: Any, renames: Renames, line: int) -> Iterator[str]:
    if field in _NAMES and isinstance(old, str) and isinstance(new, str):
        if not renames.allows(old, new):
            yield f"{line}: {old} is now {new}; state {old} = {new} if it is meant"
    elif isinstance(old, list) and isinstance(new, list):
        is_body = any(isinstance(each, ast.stmt) for each in old + new)
        yield from _lists(field, *((_statements(old), _statements(new)) if is_body else (old, new)), renames, line)
    else:
        yield from _nodes(old, new, renames, line)


def _lists(field: str, old: Sequence[Any], new: Sequence[Any], renames: Renames, line: int) -> Iterator[str]:
    if len(old) != len(new):
        yield f"{getattr(new[0], 'lineno', line) if new else line}: {len(old)} of {field} are now {len(new)}"
    for one, other in zip(old, new, strict=False):
        is_imports = isinstance(one, _Imports) and isinstance(other, _Imports)
        found = list(one.differences(other, renames) if is_imports else _fields(field, one, other, renames, line))
        yield from found
        # After an added or removed item, the remaining pairs do not belong together.
        if found and len(old) != len(new):
            return


def _f_strings(old: ast.JoinedStr, new: ast.JoinedStr, renames: Renames, line: int) -> Iterator[str]:
    left = _expressions(new)
    for expression in _expressions(old):
        match = next((each for each in left if not any(_nodes(expression, each, renames, line))), None)
        if match is None:
            yield f"{line}: {{{ast.unparse(expression.value)}}} is gone from the f-string"
        else:
            left.remove(match)
    for expression in left:
        yield f"{line}: {{{ast.unparse(expression.value)}}} is new in the f-string"


def _expressions(node: ast.JoinedStr) -> list[ast.FormattedValue]:
    return [part for part in node.values if isinstance(part, ast.FormattedValue)]


def _blanked(node: Any) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
        return ast.Constant(type(node.value)())
    if isinstance(node, ast.JoinedStr) and not _expressions(node):
        return ast.Constant("")
    if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr):
        # A format such as {ratio:.1f} is code, not text. The tuple keeps its text from being blanked.
        parts = [
            ast.Constant((part.value,)) if isinstance(part, ast.Constant) else part for part in node.format_spec.values
        ]
        return ast.FormattedValue(node.value, node.conversion, ast.List(parts))
    return node


def _shown(node: Any) -> str:
    return ast.unparse(node).partition("\n")[0] if isinstance(node, ast.AST) else repr(node)


def _statements(body: list[Any]) -> list[Any]:
    """Return the statements without docstrings and `pass`, with consecutive imports as one item."""
    found: list[Any] = []
    for node in body:
        is_text = isinstance(node, ast.Expr) and isinstance(_blanked(node.value), ast.Constant)
        if isinstance(node, ast.Pass) or (is_text and isinstance(_blanked(node.value).value, str | bytes)):
            continue
        if not isinstance(node, _IMPORTS):
            found.append(node)
        elif found and isinstance(found[-1], _Imports):
            found[-1].add(node)
        else:
            found.append(_Imports(node))
    return found


class _Imports:
    """Consecutive imports, whose order is ignored."""

    def __init__(self, node: ast.Import | ast.ImportFrom) -> None:
        self.lineno = node.lineno
        self._names: list[tuple[str, str, str]] = []
        self.add(node)

    def add(self, node: ast.Import | ast.ImportFrom) -> None:
        """Add the names of another import statement."""
        module = "." * node.level + (node.module or "") if isinstance(node, ast.ImportFrom) else ""
        self._names += [(module, alias.name, alias.asname or "") for alias in node.names]

    def differences(self, new: "_Imports", renames: Renames) -> Iterator[str]:
        """Yield the imports that only one of the two has."""
        left = list(new._names)
        for old in self._names:
            match = next((each for each in left if _same_import(old, each, renames)), None)
            if match is None:
                yield f"{new.lineno}: the import of {'.'.join(filter(None, old[:2]))} is gone"
            else:
                left.remove(match)
        for module, name, _ in left:
            yield f"{new.lineno}: the import of {'.'.join(filter(None, (module, name)))} is new"


def _same_import(old: tuple[str, str, str], new: tuple[str, str, str], renames: Renames) -> bool:
    (old_module, old_name, old_alias), (module, name, alias) = old, new
    if not renames.allows(old_alias, alias):
        return False
    if not old_module:
        return not module and renames.move(old_name) == name
    # The imported name may itself be a module that moved.
    moved = renames.move(f"{old_module}.{old_name}")
    return (renames.move(old_module) == module and renames.allows(old_name, name)) or moved == f"{module}.{name}"
