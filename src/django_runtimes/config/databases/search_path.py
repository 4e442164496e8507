"""Reads the schemas that libpq's option `options` puts on the search path."""

import re

# The server accepts both forms, and a backslash before a space inside a value.
_SEARCH_PATH = re.compile(r"(?:^|\s)(?:-c\s*|--)search[_-]path=(?P<names>(?:\\.|\S)*)")
_UNESCAPED = re.compile(r"\\(.)")


def schemas_of(options: str) -> tuple[str, ...]:
    """Return the schemas that a server may lack; `public`, `"$user"` and the server's own are left out."""
    match = _SEARCH_PATH.search(options)
    names = _UNESCAPED.sub(r"\1", match["names"]).split(",") if match is not None else []
    found = (_name(text.strip()) for text in names)
    return tuple(dict.fromkeys(name for name in found if name not in ("", "public", "$user") and name[:3] != "pg_"))


def _name(text: str) -> str:
    """Return a name as the server reads it, which folds names without quotes to lower case."""
    is_quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1].replace('""', '"') if is_quoted else text.lower()
