"""Takes the stage of an API Gateway API for what it is: the path below which the application lives."""

import re
from typing import Any
from urllib.parse import unquote

_PARAMETER = re.compile(r"\{([^{}+]+)\+?\}")


def with_stage_path(scope: dict[str, Any], event: dict[str, Any]) -> None:
    """Set `path` and `root_path` where the event says that the client's URL has the stage in it.

    A REST API takes the stage off `path` and leaves it in `requestContext.path`; an HTTP API leaves it in both. Behind
    a custom domain neither has it. Links and redirects need it either way.
    """
    context = event.get("requestContext")
    if not isinstance(context, dict):
        return
    stage = context.get("stage")
    if not isinstance(stage, str) or not stage or stage == "$default":
        return
    prefix, path = f"/{stage}", scope["path"]
    # Payload format 2.0 has it once, which `path` holds, decoded.
    said = None if "http" in context else context.get("path")
    said = unquote(said) if isinstance(said, str) else path
    if not _is_below(said, prefix):
        return
    if _same(said, path):
        if not _is_the_stages(event, context, prefix, path):
            return
    elif _same(said, prefix + path):
        path = prefix + path
    else:
        return
    scope["path"] = f"{prefix}/" if path == prefix else path
    scope["root_path"] = prefix


def _is_the_stages(event: dict[str, Any], context: dict[str, Any], prefix: str, path: str) -> bool:
    """Whether `prefix` is in front of what the route matched; an HTTP API's default route says no more."""
    route = context.get("resourcePath") or event.get("resource") or event.get("routeKey") or ""
    template = route.rpartition(" ")[2] if isinstance(route, str) else ""
    if not template.startswith("/"):
        return "version" in event and _is_apis_own(context.get("domainName"))
    parameters = event.get("pathParameters")
    if not isinstance(parameters, dict):
        parameters = {}
    matched = _PARAMETER.sub(lambda name: str(parameters.get(name[1]) or ""), template)
    return _same(prefix + unquote(matched), path)


def _is_apis_own(domain: object) -> bool:
    """Whether it is the name that AWS gave the API; behind a domain of one's own no stage is in the path."""
    return not isinstance(domain, str) or ".execute-api." in domain


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


def _same(one: str, other: str) -> bool:
    return one.rstrip("/") == other.rstrip("/")
