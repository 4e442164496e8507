"""Treats the stage of an API Gateway API as the application's root path."""

import re
from typing import Any
from urllib.parse import unquote

_PARAMETER = re.compile(r"\{([^{}+]+)\+?\}")


def with_stage_path(scope: dict[str, Any], event: dict[str, Any]) -> None:
    """Set `path` and `root_path` if the client's URL contains the stage.

    A REST API removes the stage from `path` and leaves it in `requestContext.path`; an HTTP API leaves it in both.
    Behind a custom domain, neither contains it. Links and redirects must contain it if the client's URL does.
    """
    context = event.get("requestContext")
    if not isinstance(context, dict):
        return
    stage = context.get("stage")
    if not isinstance(stage, str) or not stage or stage == "$default":
        return
    prefix, path = f"/{stage}", scope["path"]
    # Payload format 2.0 has only one path, which `path` holds decoded.
    full_path = None if "http" in context else context.get("path")
    full_path = unquote(full_path) if isinstance(full_path, str) else path
    if not _is_below(full_path, prefix):
        return
    if _same(full_path, path):
        if not _has_stage_prefix(event, context, prefix, path):
            return
    elif _same(full_path, prefix + path):
        path = prefix + path
    else:
        return
    scope["path"] = f"{prefix}/" if path == prefix else path
    scope["root_path"] = prefix


def _has_stage_prefix(event: dict[str, Any], context: dict[str, Any], prefix: str, path: str) -> bool:
    """Return whether `prefix` precedes the path that the route matched; for a default route, the domain decides."""
    route = context.get("resourcePath") or event.get("resource") or event.get("routeKey") or ""
    template = route.rpartition(" ")[2] if isinstance(route, str) else ""
    if not template.startswith("/"):
        return "version" in event and _is_default_domain(context.get("domainName"))
    parameters = event.get("pathParameters")
    if not isinstance(parameters, dict):
        parameters = {}
    matched = _PARAMETER.sub(lambda name: str(parameters.get(name[1]) or ""), template)
    return _same(prefix + unquote(matched), path)


def _is_default_domain(domain: object) -> bool:
    """Return whether the domain is the API's default one; behind a custom domain, the path contains no stage."""
    return not isinstance(domain, str) or ".execute-api." in domain


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


def _same(one: str, other: str) -> bool:
    return one.rstrip("/") == other.rstrip("/")
