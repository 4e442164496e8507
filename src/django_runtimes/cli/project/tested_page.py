"""Chooses the page that every deploy requests, from the pages of a project's workload."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django_runtimes.cli.project.project import project_at
from django_runtimes.cli.text_files.toml_file import parse_toml
from django_runtimes.cli.tool_error import UsageError

# `webapp init` writes this file.
_WORKLOAD = "compare.toml"
_FRONT_PAGE = "/"
# The library answers this path, and every deploy requests it anyway.
_READINESS = "/readyz"


def find_page_to_test(directory: Path) -> str | None:
    """Return the page of the project in this folder, or None if its workload has none or cannot be read."""
    try:
        path = project_at(directory).workload or directory / _WORKLOAD
        return page_to_test(path.read_bytes(), path.name)
    except (UsageError, OSError):
        # Other commands report the mistake.
        return None


def page_to_test(workload: bytes, name: str) -> str | None:
    """Return the front page if a visitor may read it, or else the first page of the file; None if there is none.

    `name` is the name of the file.
    """
    try:
        content = parse_toml(workload, name)
    except UsageError:
        # `webapp compare` reports it.
        return None
    pages = list(_pages(content))
    return _FRONT_PAGE if _FRONT_PAGE in pages else next(iter(pages), None)


def _pages(content: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paths that answer 200 to a request without cookies."""
    requests = content.get("requests")
    for request in requests if isinstance(requests, list) else []:
        if not isinstance(request, dict) or request.get("scenario") != "read" or request.get("method") != "GET":
            continue
        path = request.get("path")
        has_cookies = "session" in content and request.get("anonymous") is not True
        is_plain = not has_cookies and "headers" not in request and request.get("expected_status", 200) == 200
        if is_plain and isinstance(path, str) and path.startswith("/") and path != _READINESS:
            yield path
