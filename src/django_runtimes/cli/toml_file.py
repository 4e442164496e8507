"""Reads a project's TOML files."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django_runtimes.cli.tool_error import UsageError


def read_toml(path: Path, *, remedy: str) -> dict[str, Any]:
    """Read a TOML file; UsageError if it cannot be read, with `remedy` for an unreadable or missing file."""
    # The import is here because Django's own commands also import this module, mostly without reading a file.
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}); {remedy}") from None
    except ValueError as error:
        raise UsageError(f"{path} is not TOML: {error}; fix it there") from None


def known_key(key: str, known: Sequence[str]) -> str:
    """Return a suggestion for an unknown key."""
    nearest = difflib.get_close_matches(key, known, n=1)
    return f"did you mean '{nearest[0]}'?" if nearest else f"choose one of: {', '.join(known)}"
