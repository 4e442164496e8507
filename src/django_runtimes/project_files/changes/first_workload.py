"""Writes a first compare.toml with the pages that a visitor may read."""

import json
from collections.abc import Sequence
from urllib.parse import unquote

# The number of pages that are listed if there is no database on which to try them.
_UNTRIED_PAGES = 5
# The library itself answers this path, after a query to the database.
_FALLBACK_PATH = "/readyz"
_COLLECT = '["collectstatic", "--no-input", "--verbosity", "0"]'


def render_workload(
    name: str,
    paths: Sequence[str],
    reads: Sequence[str] | None,
    *,
    collects_static: bool,
    debug_off: tuple[str, str] | None = None,
) -> str:
    """Render the file with `reads`, which answered 200, or with `paths` if none could be tried.

    Both are percent-encoded, and may have a query.
    `debug_off` is a variable and the value that turns DEBUG off, since every runtime but local refuses DEBUG.
    """
    chosen = list(paths[:_UNTRIED_PAGES]) if reads is None else list(reads) or [_FALLBACK_PATH]
    if reads:
        origin = "Each of these pages answered 200 on an empty, migrated database."
    elif reads is None:
        origin = "None of these pages was tried: remove those that do not answer 200 to a visitor."
    else:
        origin = "No page answered 200 on an empty database, but this path always does. Add pages, and load their data."
    lines = [
        "# The workload of `webapp compare`: the requests that it sends to every target.",
        f"# {origin}",
        "# `webapp docs workload` describes every key, including those for logins, forms and counted writes.",
        f"name = {_text(name)}",
        "",
        "[application]",
        '# Management commands that run once after migrate, for example to load data: ["loaddata", "sample"].',
        f"prepare = [{_COLLECT if collects_static else ''}]",
    ]
    if debug_off is not None:
        lines += ["", "[application.environment]", "# DEBUG is refused on every runtime but local."]
        lines += [f"{debug_off[0]} = {_text(debug_off[1])}"]
    names = [unquote(path) for path in chosen]
    for path, name_of_page in zip(chosen, names, strict=True):
        # The names of requests are unique.
        title = name_of_page if names.count(name_of_page) == 1 else path
        lines += ["", "[[requests]]", f"name = {_text(title)}", 'scenario = "read"', 'method = "GET"']
        lines += [f"path = {_text(path)}"]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
