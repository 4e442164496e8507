"""Imports a module that a variable or a setting names."""

import importlib
from types import ModuleType

from django_runtimes.config.configuration_error import ConfigurationError


def import_named(module_name: str, *, named_by: str) -> ModuleType:
    """Return the module; raise ConfigurationError when it does not exist.

    The error begins with `named_by`: the setting that names the module, as NAME='value'.
    """
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        # If an import inside the module fails, the traceback shows where.
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise ConfigurationError(
            f"{named_by} cannot be imported: there is no module {error.name!r}; name one that is on PYTHONPATH"
        ) from None
