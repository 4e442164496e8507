"""The variables of a process, read as the table types them."""

import difflib
from collections.abc import Mapping
from typing import Any

from django_runtimes.config.secret import Secret
from django_runtimes.config.variables.variable import T_co, Variable


class Environment:
    """`environment[WORKERS]` is the value of that variable; an empty one counts as unset, as templates pass them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def __getitem__(self, variable: Variable[T_co]) -> T_co:
        """The value, else the table's default; ConfigurationError for what the variable does not accept."""
        text = self._text(variable)
        return variable.parse(text) if text else variable.unset()

    def is_set(self, variable: Variable[Any]) -> bool:
        """Whether somebody set it, whatever the table's default."""
        return bool(self._environ.get(variable.name))

    def unknown_names(self) -> list[tuple[str, str | None]]:
        """Variables with our prefix that the table lacks, each with the nearest known name."""
        from django_runtimes.config.variables.table import PREFIX, VARIABLES

        known = {variable.name for variable in VARIABLES}
        unknown = sorted(name for name in self._environ if name.startswith(PREFIX) and name not in known)
        return [(name, next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.8)), None)) for name in unknown]

    def _text(self, variable: Variable[Any]) -> str | None:
        text = self._environ.get(variable.name)
        return Secret(text) if text and variable.is_secret else text
