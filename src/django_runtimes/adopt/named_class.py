"""Imports the class that a setting names, as Django does later."""

from django.utils.module_loading import import_string


def is_named(name: str, base: type) -> bool:
    """Return whether `name` is the dotted name of `base` or of a subclass.

    Return False for a class that cannot be imported; Django reports the error when it needs the class.
    """
    # The import of a project's module may raise anything.
    try:
        found = import_string(name)
    except Exception:
        return False
    return isinstance(found, type) and issubclass(found, base)
