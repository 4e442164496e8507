"""Reads a process's environment variables as typed values."""

import difflib
from collections.abc import Mapping
from typing import Any

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.secret import Secret
from django_runtimes.config.variables.variable import T_co, Variable


class Environment:
    """The variables of a process, looked up by their objects in the table, as in `environment[WORKERS]`.

    An empty variable is treated as unset, since templates pass optional variables as empty strings.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def __getitem__(self, variable: Variable[T_co]) -> T_co:
        """Return the value, or the table's default when unset; raise ConfigurationError for an invalid value."""
        text = self._text(variable)
        return variable.parse(text) if text else variable.unset()

    def valid(self) -> "Environment":
        """Return the variables without those whose value is invalid."""
        from django_runtimes.config.variables.table import VARIABLES

        return Environment({**self._environ, **{each.name: "" for each in VARIABLES if self._mistake(each)}})

    def without(self, *variables: Variable[Any]) -> "Environment":
        """Return the variables with some of them unset."""
        return Environment({**self._environ, **{each.name: "" for each in variables}})

    def text_of(self, variable: Variable[Any]) -> str:
        """Return the text of a variable without parsing it, a Secret if it is secret; empty if it is unset."""
        return self._text(variable) or ""

    def mistakes(self) -> list[ConfigurationError]:
        """Return the error of each invalid variable, in the table's order."""
        from django_runtimes.config.variables.table import VARIABLES

        return [error for each in VARIABLES if (error := self._mistake(each)) is not None]

    def is_set(self, variable: Variable[Any]) -> bool:
        """Return whether the variable is set and not empty."""
        return bool(self._environ.get(variable.name))

    def unknown_names(self) -> list[tuple[str, str | None]]:
        """Return the variables with the prefix WEBAPP_ that the table lacks, each with the closest known name."""
        from django_runtimes.config.variables.table import PREFIX, VARIABLES

        known = {variable.name for variable in VARIABLES}
        unknown = sorted(name for name in self._environ if name.startswith(PREFIX) and name not in known)
        return [(name, next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.8)), None)) for name in unknown]

    def _mistake(self, variable: Variable[Any]) -> ConfigurationError | None:
        try:
            _ = self[variable]
        except ConfigurationError as error:
            return error
        return None

    def _text(self, variable: Variable[Any]) -> str | None:
        text = self._environ.get(variable.name)
        return Secret(text) if text and variable.is_secret else text
