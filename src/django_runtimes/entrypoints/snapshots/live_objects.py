"""Looks at all objects of the process, and evaluates none of them.

`isinstance()` asks an object for its class if its type is another one. Django's lazy objects are evaluated then: a user
is read from the database, and the nonce of a response that has been sent raises an error.
"""

import gc
from types import GetSetDescriptorType
from typing import Any, TypeVar

Kind = TypeVar("Kind")


def is_a(value: object, kinds: type | tuple[type, ...]) -> bool:
    """Return whether the type of an object is one of `kinds` or of their subclasses."""
    return issubclass(type(value), kinds)


def live_objects(kind: type[Kind]) -> list[Kind]:
    """Return the objects of a class and its subclasses that the garbage collector knows."""
    return [each for each in gc.get_objects() if is_a(each, kind)]


def attributes_of(value: object) -> dict[str, Any] | None:
    """Return the `__dict__` of an object, or None if its type has none or computes it."""
    for each in type(value).__mro__:
        descriptor = vars(each).get("__dict__")
        if descriptor is not None:
            found = descriptor.__get__(value) if type(descriptor) is GetSetDescriptorType else None
            return found if is_a(found, dict) else None
    return None
