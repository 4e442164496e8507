"""Reads .dockerignore, which names the files that a build excludes.

https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

_TOKEN = re.compile(r"\*\*/?|\*|\?|\[[^\]]*\]|\\?.", re.DOTALL)
_EXPRESSIONS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def is_ignored(text: str, path: str) -> bool:
    """Return whether these lines exclude a file, by its path relative to the build's folder; the last match decides."""
    parts = PurePosixPath(path)
    names = [path, *(parent.as_posix() for parent in parts.parents)]
    ignored = False
    for pattern, is_exception in _patterns(text):
        if is_exception is ignored and any(pattern.fullmatch(name) for name in names):
            ignored = not is_exception
    return ignored


def _patterns(text: str) -> Iterator[tuple[re.Pattern[str], bool]]:
    for line in text.removeprefix("\ufeff").splitlines():
        stripped = line.strip()
        if not stripped or line.startswith("#"):
            continue
        is_exception = stripped.startswith("!")
        pattern = PurePosixPath(stripped.removeprefix("!").strip().lstrip("/")).as_posix()
        yield re.compile("".join(map(_expression, _TOKEN.findall(pattern))), re.DOTALL), is_exception


def _expression(token: str) -> str:
    if token.startswith("[") and len(token) > 1:
        return token
    return _EXPRESSIONS.get(token) or re.escape(token.removeprefix("\\") or token)
