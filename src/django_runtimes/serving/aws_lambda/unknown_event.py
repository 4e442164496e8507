"""The error for an event that the invoked function does not handle."""

from typing import Any

_KEYS = 8
_KEY_CHARACTERS = 40


class UnknownEvent(ValueError):  # noqa: N818  (the log and the invoker see this name)
    """The function does not handle the event; the one-line message names the events that the function handles."""


def name_event(event: object) -> str:
    """Describe an event in a few words without its values, for example as "an event with the keys …"."""
    if not isinstance(event, dict):
        return f"an event of type {type(event).__name__}, not an object,"
    if not event:
        return "an empty event"
    keys = [repr(str(key)[:_KEY_CHARACTERS]) for key in list(event)[:_KEYS]]
    return f"{_kind(event)} with the keys {', '.join(keys)}{', …' if len(event) > _KEYS else ''}"


def _kind(event: dict[str, Any]) -> str:
    context = event.get("requestContext")
    if "methodArn" in event or "routeArn" in event:
        return "an event of an API Gateway authorizer"
    if "raw_path" in event or (isinstance(context, dict) and "serviceArn" in context):
        return "an event of VPC Lattice"
    if isinstance(context, dict) and "connectionId" in context:
        return "an event of a WebSocket API"
    if is_edge_response(event):
        return "a Lambda@Edge response"
    return "an event"


def is_edge_response(event: dict[str, Any]) -> bool:
    """Return whether the event is a Lambda@Edge response event from CloudFront."""
    try:
        cf = event["Records"][0]["cf"]
        event_type = cf.get("config", {}).get("eventType")
        return "response" in cf or (isinstance(event_type, str) and event_type.endswith("-response"))
    except (AttributeError, LookupError, TypeError):
        return False
