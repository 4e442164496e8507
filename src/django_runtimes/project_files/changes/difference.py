"""Shows planned changes as a unified diff."""

import difflib
from collections.abc import Iterator
from pathlib import Path

from django_runtimes.cli.text_files.text_encoding import byte_order_mark
from django_runtimes.project_files.changes.file_plan import FileChange

_BOLD, _RED, _GREEN, _CYAN, _END = "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[36m", "\x1b[0m"
_COLOURS = {"+++": _BOLD, "---": _BOLD, "@@": _CYAN, "+": _GREEN, "-": _RED}


def render_difference(change: FileChange, root: Path, *, coloured: bool) -> str:
    """Return the diff of one file; a binary file becomes one line with its size."""
    name = change.path.relative_to(root.resolve()).as_posix()
    if change.after is None:
        lines = [f"--- {name} (removed)"]
    elif b"\0" in change.after and byte_order_mark(change.after) is None:
        what = "new" if change.before is None else "replaced"
        lines = [f"+++ {name} ({what}, {len(change.after):,} bytes)"]
    else:
        lines = list(_diff(name, change.before, change.after))
    return "".join(f"{_coloured(line) if coloured else line}\n" for line in lines)


def _diff(name: str, before: bytes | None, after: bytes) -> Iterator[str]:
    old = _lines(before or b"")
    new = _lines(after)
    source = "/dev/null" if before is None else f"a/{name}"
    for line in difflib.unified_diff(old, new, source, f"b/{name}", lineterm=""):
        marker, text = line[:1], line[1:]
        if line.startswith(("---", "+++", "@@")):
            yield line
        elif text.endswith("\n"):
            yield marker + _printable(text.rstrip("\r\n"))
        else:
            yield marker + _printable(text)
            yield "\\ No newline at end of file"


def _lines(content: bytes) -> list[str]:
    mark, encoding = byte_order_mark(content) or (b"", "utf-8")
    try:
        text = content[len(mark) :].decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text.splitlines(keepends=True)


def _printable(text: str) -> str:
    """Escape characters that could control a terminal."""
    return "".join(
        character if character.isprintable() or character == "\t" else repr(character)[1:-1] for character in text
    )


def _coloured(line: str) -> str:
    colour = next((colour for start, colour in _COLOURS.items() if line.startswith(start)), None)
    return line if colour is None else f"{colour}{line}{_END}"
