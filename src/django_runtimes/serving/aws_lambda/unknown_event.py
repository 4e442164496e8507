"""The error that an invocation ends with when its event is not for this function."""

from typing import Any

_KEYS = 8
_KEY_CHARACTERS = 40


class UnknownEvent(ValueError):  # noqa: N818  (its name is what the log and the invoker see)
    """An event that is neither run nor served; its text is one line that says what would be."""


def name_event(event: object) -> str:
    """What an event looks like, in a few words and without a value: 'an event with the keys …'."""
    if not isinstance(event, dict):
        return f"an event that is {type(event).__name__}, no object,"
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
    """Whether CloudFront hands over a response, which a request led to."""
    try:
        cf = event["Records"][0]["cf"]
        event_type = cf.get("config", {}).get("eventType")
        return "response" in cf or (isinstance(event_type, str) and event_type.endswith("-response"))
    except (AttributeError, LookupError, TypeError):
        return False
