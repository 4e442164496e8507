"""Typed readers of the variables, which refuse what they do not understand."""

import difflib
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from django_runtimes.config.errors import ConfigurationError
from django_runtimes.config.secret import Secret
from django_runtimes.config.variables import PREFIX, VARIABLES, Variable

_FLAGS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_TABLE = {variable.name: variable for variable in VARIABLES}

Choice = TypeVar("Choice", bound=StrEnum)


class Environment:
    """The process's variables, read by type; an empty value counts as unset, as templates pass them.

    Reading a name that the table of variables lacks is a KeyError: document it there first.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str) -> str | None:
        """The value, else the table's default, else None."""
        variable = _TABLE[name]
        return self._environ.get(name) or variable.default

    def secret(self, name: str) -> Secret | None:
        """Like `text`, for values that no error, log or variable of a frame may show."""
        value = self.text(name)
        return None if value is None else Secret(value)

    def is_set(self, name: str) -> bool:
        """Whether somebody set it, whatever the table's default."""
        return bool(self._environ.get(_TABLE[name].name))

    def integer(self, name: str, *, minimum: int = 0, maximum: int = 2**31) -> int | None:
        """A whole number within the bounds, or None when unset without a default."""
        value = self.text(name)
        if value is None:
            return None
        if not (value.isascii() and value.isdigit()) or not minimum <= int(value) <= maximum:
            raise ConfigurationError(
                f"{name}={value!r} is not a whole number from {minimum} to {maximum}; {_remedy(_TABLE[name])}"
            )
        return int(value)

    def flag(self, name: str) -> bool | None:
        """A yes or no, or None when unset without a default."""
        value = self.text(name)
        if value is None:
            return None
        if value.lower() not in _FLAGS:
            raise ConfigurationError(f"{name}={value!r} is not a flag; use 1 or 0")
        return _FLAGS[value.lower()]

    def names(self, name: str) -> list[str]:
        """The parts of a comma-separated value, without blanks."""
        return [part.strip() for part in (self.text(name) or "").split(",") if part.strip()]

    def choice(self, name: str, choices: type[Choice], noun: str) -> Choice | None:
        """A member of `choices`, or None when unset without a default."""
        value = self.text(name)
        if value is None:
            return None
        if value not in set(choices):
            allowed = ", ".join(sorted(choices))
            raise ConfigurationError(f"{name}={value!r} is not a {noun}; choose one of: {allowed}")
        return choices(value)

    def unknown_names(self) -> list[tuple[str, str | None]]:
        """Variables with our prefix that nothing reads, each with the nearest known name."""
        unknown = sorted(name for name in self._environ if name.startswith(PREFIX) and name not in _TABLE)
        return [(name, next(iter(difflib.get_close_matches(name, _TABLE, n=1, cutoff=0.8)), None)) for name in unknown]


def _remedy(variable: Variable) -> str:
    return f"unset it for the default ({variable.default_text})"
