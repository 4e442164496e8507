"""Writes a first compare.toml: the pages that a visitor may read."""

import json
from collections.abc import Sequence

# Without a database to try them on, so many are listed.
_MOST_UNTRIED = 5
# The library answers it itself, after asking the database.
_ALWAYS = "/readyz"


def render_workload(name: str, paths: Sequence[str], reads: Sequence[str] | None) -> str:
    """The file; `reads` have answered 200, `paths` are listed where none could be tried."""
    chosen = list(paths[:_MOST_UNTRIED]) if reads is None else list(reads) or [_ALWAYS]
    if reads:
        origin = "Each answered 200 on an empty, migrated database."
    elif reads is None:
        origin = "None was tried: remove what does not answer 200 to a visitor."
    else:
        origin = "No page answered 200 on an empty database; name some, and load what they need. This one always does."
    lines = [
        "# The workload of `webapp compare`: the requests that every target is sent.",
        f"# {origin}",
        "# Management commands that fill the database stand in [application], as",
        '#   prepare = [["loaddata", "sample"]]',
        f"name = {_text(name)}",
    ]
    for path in chosen:
        lines += ["", "[[requests]]", f"name = {_text(path)}", 'scenario = "read"', 'method = "GET"']
        lines += [f"path = {_text(path)}"]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
