"""Writes a first compare.toml: the pages that a visitor may read."""

import json
from collections.abc import Sequence
from urllib.parse import quote

# Without a database to try them on, so many are listed.
_MOST_UNTRIED = 5
# The library answers it itself, after asking the database.
_ALWAYS = "/readyz"
_COLLECT = '["collectstatic", "--no-input", "--verbosity", "0"]'
# Those of a URL's path that stand for themselves: https://www.rfc-editor.org/rfc/rfc3986#section-3.3
_PATH_CHARACTERS = "/!$&'()*+,;=:@~"


def render_workload(
    name: str,
    paths: Sequence[str],
    reads: Sequence[str] | None,
    *,
    collects_static: bool,
    debug_variable: str | None = None,
) -> str:
    """The file; `reads` have answered 200, `paths` are listed where none could be tried.

    `debug_variable` is turned off, since DEBUG is refused on every runtime but local.
    """
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
        "# docs/workload.md of the library has every key: logins, forms, writes that are counted.",
        f"name = {_text(name)}",
        "",
        "[application]",
        '# Management commands that run once, after migrate: those that fill the database, as ["loaddata", "sample"].',
        f"prepare = [{_COLLECT if collects_static else ''}]",
    ]
    if debug_variable is not None:
        lines += ["", "[application.environment]", "# Off: on every runtime but local DEBUG is refused."]
        lines += [f'{debug_variable} = "0"']
    for path in chosen:
        lines += ["", "[[requests]]", f"name = {_text(path)}", 'scenario = "read"', 'method = "GET"']
        lines += [f"path = {_text(quote(path, safe=_PATH_CHARACTERS))}"]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
