"""Imports a module that a variable or a setting names."""

import importlib
from types import ModuleType

from django_runtimes.config.configuration_error import ConfigurationError


def import_named(module_name: str, *, named_by: str) -> ModuleType:
    """The module; ConfigurationError where there is none of that name. `named_by` is NAME='value', for the error."""
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        # What the module itself imports and lacks has a traceback that tells where.
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise ConfigurationError(
            f"{named_by} cannot be imported: there is no module {error.name!r}; name one that lies on PYTHONPATH"
        ) from None
