"""Reads a project's TOML files."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django_runtimes.cli.text_files.text_encoding import why_not_utf8
from django_runtimes.cli.tool_error import UsageError


def read_toml(path: Path, *, remedy: str) -> dict[str, Any]:
    """Read a TOML file; UsageError if it cannot be read, with `remedy` for an unreadable or missing file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}); {remedy}") from None
    return parse_toml(content, str(path))


def parse_toml(content: bytes, name: str) -> dict[str, Any]:
    """Parse a file's content; UsageError if it is not TOML, or not in TOML's encoding."""
    # The import is here because Django's own commands also import this module, mostly without reading a file.
    import tomllib

    if complaint := why_not_utf8(content):
        raise UsageError(f"{name} {complaint}; TOML is UTF-8 without a byte order mark, so save it in that encoding")
    try:
        return tomllib.loads(content.decode())
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{name} is not TOML: {error}; fix it there") from None


def known_key(key: str, known: Sequence[str]) -> str:
    """Return a suggestion for an unknown key."""
    nearest = difflib.get_close_matches(key, known, n=1)
    return f"did you mean '{nearest[0]}'?" if nearest else f"choose one of: {', '.join(known)}"
