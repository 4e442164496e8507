"""Quotes the names of a project's files for the instructions of a Dockerfile."""

import json
import re

_PLAIN = re.compile(r"[\w@%+=:,./-]+", re.ASCII)
_EXPANDED = re.compile(r'(["\\$])')
_SPECIAL = re.compile(r"""(["'\\$])""")
_PATTERN = re.compile(r"([\[*?])")


def quoted(value: str) -> str:
    """Quote a value of ENV or WORKDIR, in which the builder replaces variables."""
    return value if _PLAIN.fullmatch(value) else '"' + _EXPANDED.sub(r"\\\1", value) + '"'


def copy(sources: list[str], target: str) -> str:
    """Return the COPY instruction; its sources are names, although the builder reads them as patterns."""
    names = [_PATTERN.sub(r"[\1]", source) for source in sources]
    if all(_PLAIN.fullmatch(name) for name in (*names, target)):
        return f"COPY {' '.join(names)} {target}"
    return "COPY " + json.dumps([_SPECIAL.sub(r"\\\1", name) for name in (*names, target)], ensure_ascii=False)
