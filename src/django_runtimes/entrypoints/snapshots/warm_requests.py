"""Requests pages before a snapshot, so that restored environments have loaded what these pages need."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_runtimes.serving.aws_lambda.handler import DirectLambdaHandler

logger = logging.getLogger(__name__)

_SERVER_ERROR = 500
_NOT_FOUND = 404

# The paths of this process that failed, with their statuses.
failed_pages: dict[str, int] = {}


def warm_up(handler: "DirectLambdaHandler", paths: Sequence[str]) -> None:
    """Request each path twice as an anonymous client; a page that fails is logged, and the snapshot is taken anyway.

    Without paths, request the start page, and the login page of Django's admin.
    """
    host = _host()
    for path in paths or _default_paths():
        for _ in range(2):
            # The first request loads modules, and the second one the branches that need them.
            status = handler.warm(path, host)
        if status == _NOT_FOUND or status >= _SERVER_ERROR:
            failed_pages[path] = status
            logger.warning(
                "The page %s answered %s before the snapshot, so restored environments load it at its first request; "
                "correct WEBAPP_SNAPSHOT_PATHS, or see the error above",
                path,
                status,
            )


def _default_paths() -> list[str]:
    from django.urls import NoReverseMatch, reverse

    paths = ["/"]
    with suppress(NoReverseMatch):
        paths.append(reverse("admin:login"))
    return paths


def _host() -> str:
    """Return a host name that Django accepts."""
    from django.conf import settings

    hosts: list[Any] = settings.ALLOWED_HOSTS
    named = next((str(host) for host in hosts if host and host != "*"), "localhost")
    return f"snapshot{named}" if named.startswith(".") else named
