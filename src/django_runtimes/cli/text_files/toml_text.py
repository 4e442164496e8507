"""Adds one line to a TOML file without changing any other byte."""

import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django_runtimes.cli.text_files.text_encoding import newline_of
from django_runtimes.cli.text_files.toml_file import parse_toml
from django_runtimes.cli.tool_error import UsageError

_OPENING = re.compile(r"^\s*(?P<key>[\w\"'.-]+)\s*=\s*\[(?P<rest>[^\r\n]*)")
_HEADER = re.compile(r"^\s*\[(?P<name>[^\[\]]+)\]\s*(#.*)?$")


def with_array_item(content: bytes, table: Sequence[str], key: str, item: str, *, name: str) -> bytes:
    """Return the content with the string `item` added to an array, on its own line if the array has several lines."""

    def extend(data: dict[str, Any]) -> None:
        _table(data, table)[key].append(item)

    quoted = _quoted(item)
    return _first_that_fits(content, _array_edits(content.decode(), quoted), extend, name, f"{key}: {quoted}")


def with_key(content: bytes, table: Sequence[str], line: str, *, name: str) -> bytes:
    """Return the content with a line `key = value` added at the end of an existing table."""
    added = tomllib.loads(line)

    def extend(data: dict[str, Any]) -> None:
        _table(data, table).update(added)

    return _first_that_fits(content, _table_edits(content.decode(), line), extend, name, f"[{'.'.join(table)}]: {line}")


def with_block(content: bytes | None, block: str, *, name: str) -> bytes:
    """Return the content with tables appended after an empty line."""
    if not content:
        return block.encode()
    newline = newline_of(content)
    gap = newline if content.endswith((b"\n", b"\r")) else newline * 2
    changed = content + gap + block.encode().replace(b"\n", newline)
    expected = _merged(parse_toml(content, name), tomllib.loads(block))
    try:
        if tomllib.loads(changed.decode()) == expected:
            return changed
    except tomllib.TOMLDecodeError:
        pass
    raise UsageError(
        f"{name} would not be valid with these lines at its end; add them by hand: {' '.join(block.split())}"
    )


def _table(data: dict[str, Any], table: Sequence[str]) -> Any:
    for part in table:
        data = data[part]
    return data


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    merged = dict(first)
    for key, value in second.items():
        has_both = isinstance(value, dict) and isinstance(first.get(key), dict)
        merged[key] = _merged(first[key], value) if has_both else value
    return merged


def _first_that_fits(
    content: bytes, edits: Iterator[str], extend: Callable[[dict[str, Any]], None], name: str, line: str
) -> bytes:
    """Return the first of the edited texts that parses to exactly the wanted content."""
    expected = parse_toml(content, name)
    extend(expected)
    wanted = _sorted(expected)
    for text in edits:
        try:
            found = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            continue
        if _sorted(found) == wanted:
            return text.encode()
    raise UsageError(f"{name} is formatted so that webapp cannot add a line; add it by hand, in {line}")


def _sorted(value: Any) -> Any:
    """Sort all arrays, since the new item may come first."""
    if isinstance(value, dict):
        return {key: _sorted(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted((_sorted(item) for item in value), key=repr)
    return value


def _array_edits(text: str, quoted: str) -> Iterator[str]:
    """Yield the text with the item after an array's last line if that ends with a comma, or else in its first line."""
    lines = text.splitlines(keepends=True)
    for index, line in enumerate(lines):
        opening = _OPENING.match(line)
        if opening is None:
            continue
        newline = line[len(line.rstrip("\r\n")) :] or "\n"
        rest = opening["rest"].strip()
        if not rest or rest.startswith("#"):
            closing = next((i for i in range(index + 1, len(lines)) if lines[i].lstrip().startswith("]")), index + 1)
            items = [item for item in lines[index + 1 : closing] if item.strip() and not item.lstrip().startswith("#")]
            indent = re.match(r"\s*", items[-1])[0] if items else "    "  # type: ignore[index]
            added = f"{indent}{quoted},{newline}"
            if items and re.search(r",\s*(#.*)?$", items[-1]):
                yield "".join([*lines[:closing], added, *lines[closing:]])
            yield "".join([*lines[: index + 1], added, *lines[index + 1 :]])
        elif rest.endswith(","):
            indent = re.match(r"\s*", lines[index + 1])[0] if index + 1 < len(lines) else ""  # type: ignore[index]
            yield "".join([*lines[: index + 1], f"{indent}{quoted},{newline}", *lines[index + 1 :]])
        else:
            start = opening.start("rest")
            for end in (match.start() for match in re.finditer(r"\s*\]", line[start:])):
                before, after = line[: start + end], line[start + end :]
                comma = "" if before.rstrip().endswith("[") else ", "
                yield "".join(
                    [*lines[:index], before.rstrip().rstrip(",") + comma + quoted + after, *lines[index + 1 :]]
                )


def _table_edits(text: str, added: str) -> Iterator[str]:
    """Yield the text with the line added after the last or the first line of each table."""
    lines = text.splitlines(keepends=True)
    for index, line in enumerate(lines):
        if not _HEADER.match(line.rstrip("\r\n")):
            continue
        newline = line[len(line.rstrip("\r\n")) :] or "\n"
        end = next((i for i in range(index + 1, len(lines)) if lines[i].lstrip().startswith("[")), len(lines))
        while end > index + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
            end -= 1
        for position in (end, index + 1):
            before = "".join(lines[:position])
            gap = "" if before.endswith(("\n", "\r")) else newline
            yield f"{before}{gap}{added}{newline}" + "".join(lines[position:])


def _quoted(text: str) -> str:
    return f'"{text}"' if '"' not in text else f"'{text}'"
