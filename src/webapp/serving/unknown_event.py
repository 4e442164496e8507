"""The error that an invocation ends with when its event is not for this function."""

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
    return f"an event with the keys {', '.join(keys)}{', …' if len(event) > _KEYS else ''}"
