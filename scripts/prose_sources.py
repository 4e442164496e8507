"""Finds the prose of the tree: docstrings, comments, messages, test names, descriptions and documents."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOTS = (
    *("src", "tests", "benchmarks", "scripts", "deploy", "docs", "requirements", ".ci"),
    *(
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "Makefile",
        "Dockerfile",
        "pyproject.toml",
        "compare.toml",
        "compose.yaml",
    ),
)
_LINE_SUFFIXES = {".yaml", ".sh", ".toml", ".html", ".css", ".lua", ".in"}
# These files have no suffix; `run` is .ci/run.
_LINE_NAMES = {"Makefile", "Dockerfile", "run"}
# benchmarks/results contains only generated files.
_SKIPPED = {"__pycache__", "results"}
_DIRECTIVE = re.compile(r"#\s*(?:noqa|type:|pragma|fmt:|ruff:|!).*")
_COMMENT = re.compile(r"(?:^|\s)#+\s+(.*)$")
_DESCRIPTION = re.compile(r"(\s*)(?:- )?\w*Description:\s*(.*)")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_BLOCK_START = re.compile(r"\s*(?:[-*+]|\d+\.)\s|\s*[|#>]")
_WORD = re.compile(r"(?<!\S)[(\"'`]*[^\W\d_]{2,}[,.;:!?)\"'`]*(?!\S)")


@dataclass(frozen=True)
class Prose:
    """A text and the line on which it begins; every newline in `text` is a newline in the file."""

    path: str
    line: int
    kind: str
    text: str


def read_prose(root: Path, places: tuple[str, ...] | list[str] = ROOTS) -> Iterator[Prose]:
    """Yield the prose in `places` in a fixed order; raise FileNotFoundError if a place does not exist."""
    for place in places:
        top = root / place
        if not top.exists():
            raise FileNotFoundError(place)
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if path.is_file() and not _SKIPPED.intersection(path.relative_to(root).parts):
                yield from _read_file(path, path.relative_to(root).as_posix())


def count_words(text: str) -> int:
    """Return the number of words, not counting identifiers, paths and numbers."""
    return len(_WORD.findall(text))


def _read_file(path: Path, name: str) -> Iterator[Prose]:
    if path.suffix == ".py":
        source = path.read_text(encoding="utf-8")
        for line, kind, text in [*_comments(source), *_literals(ast.parse(source, name))]:
            yield Prose(name, line, kind, text)
    elif path.suffix == ".md" or path.suffix in _LINE_SUFFIXES or path.name in _LINE_NAMES:
        lines = path.read_text(encoding="utf-8").splitlines()
        for line, kind, text in _paragraphs(lines) if path.suffix == ".md" else _configuration(lines):
            yield Prose(name, line, kind, text)


def _comments(source: str) -> Iterator[tuple[int, str, str]]:
    blocks: list[list[tokenize.TokenInfo]] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT or not _DIRECTIVE.sub("", token.string):
            continue
        (line, column), alone = token.start, not token.line[: token.start[1]].strip()
        if alone and blocks and blocks[-1][-1].start == (line - 1, column):
            blocks[-1].append(token)
        else:
            blocks.append([token])
    for block in blocks:
        yield block[0].start[0], "comment", "\n".join(_DIRECTIVE.sub("", each.string).lstrip("# ") for each in block)


def _literals(module: ast.Module) -> Iterator[tuple[int, str, str]]:
    docstrings = set()
    for node in ast.walk(module):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(text := ast.get_docstring(node, clean=False), str):
            docstrings.add(node.body[0])
            yield node.body[0].lineno, "docstring", text
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.lineno, "test name", node.name
    yield from _messages(module, docstrings)


def _messages(node: ast.AST, docstrings: set[ast.stmt]) -> Iterator[tuple[int, str, str]]:
    children = list(ast.iter_child_nodes(node))
    text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{…}" for part in node.values)
        children = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
    if isinstance(node, ast.expr) and re.search(r"\s", text.strip()):
        # If the text's lines differ from the file's lines, the whole text belongs to its first line.
        is_as_written = text.count("\n") == (node.end_lineno or 0) - node.lineno
        yield node.lineno, "message", text if is_as_written else " ".join(text.split())
    for child in children:
        if child not in docstrings:
            yield from _messages(child, docstrings)


def _paragraphs(lines: list[str]) -> Iterator[tuple[int, str, str]]:
    """Yield paragraphs, list items, headings and table rows, and each line of fenced code."""
    in_code, block, start = False, list[str](), 0
    for number, line in enumerate([*lines, ""], 1):
        fence = _FENCE.match(line) is not None
        if block and (fence or in_code or not line.strip() or _BLOCK_START.match(line)):
            yield start, "document", "\n".join(block)
            block = []
        in_code ^= fence
        if in_code and not fence:
            yield number, "code", line
        elif line.strip() and not fence:
            start = start if block else number
            block.append(line)


def _configuration(lines: list[str]) -> Iterator[tuple[int, str, str]]:
    """Yield comments, template descriptions and every other line."""
    number = 0
    while number < len(lines):
        start, line = number, lines[number]
        number += 1
        if described := _DESCRIPTION.match(line):
            while number < len(lines) and re.match(rf"{described[1]}\s+\S", lines[number]):
                number += 1
            text = "\n".join([described[2].lstrip(">|-"), *lines[start + 1 : number]])
            yield start + 1, "description", text
        elif line.lstrip().startswith(("# ", "-- ")):
            while number < len(lines) and lines[number].lstrip().startswith(line.lstrip()[:2]):
                number += 1
            yield start + 1, "comment", "\n".join(each.lstrip("#- ") for each in lines[start:number])
        elif comment := _COMMENT.search(line):
            yield start + 1, "comment", comment[1]
            yield start + 1, "code", line[: comment.start()]
        else:
            yield start + 1, "code", line
