"""Measures the values that psycopg has merged into a statement, as PostgreSQL would return them."""

import json
import re

_LITERAL = re.compile(rb"(?s)\s*(?P<escapes>E?)'(?P<text>.*)'(?:::(?P<type>[\w\" .]+(?:\[\])?))?")


def returned_bytes(literal: bytes) -> int:
    """Return the bytes of a quoted value in a result; 0 for an array, which may be a column of many rows."""
    found = _LITERAL.fullmatch(literal)
    if found is None:
        return 0
    text = found["text"].replace(b"''", b"'")
    if found["escapes"]:
        text = text.replace(b"\\\\", b"\\")
    if text.startswith(b"{") and found["type"] not in (b"json", b"jsonb"):
        return 0
    if found["type"] == b"bytea":
        return (len(text) - len("\\x")) // 2
    if found["type"] in (b"json", b"jsonb"):
        return len(json.dumps(json.loads(text), ensure_ascii=False).encode(errors="surrogatepass"))
    return len(text)
