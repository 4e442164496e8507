"""Finds JSON that a statement passes as text and without a cast."""

import re
from collections.abc import Sequence

from psycopg.abc import Buffer

_MARK = re.compile(rb"%%|%s(?P<cast>\s*\)?\s*(?:::|AS\b))?", re.IGNORECASE)
# A literal whose type PostgreSQL takes from its place. The array {"a","b"} is no JSON.
_JSON = re.compile(rb"""\s*E?'\s*(?: \[\s*["\[{\dtfn\]-] | \{\s*(?: "[^"]*"\s*: | \} ) ).*'""", re.DOTALL | re.VERBOSE)


def has_untyped_json(template: bytes, literals: Sequence[Buffer | None], more_than_bytes: int) -> bool:
    """Return whether a literal above a size is JSON without a cast; `template` has `%s` in its place."""
    marks = [mark for mark in _MARK.finditer(template) if mark[0] != b"%%"]
    return any(
        literal is not None and len(literal) > more_than_bytes and mark["cast"] is None and _JSON.fullmatch(literal)
        for mark, literal in zip(marks, literals, strict=False)
    )
