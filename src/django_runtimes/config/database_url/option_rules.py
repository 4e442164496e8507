"""Rules for the values of connection options that a driver would refuse only at the first connection."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django_runtimes.config.configuration_error import ConfigurationError


class OptionRule(NamedTuple):
    """What a value must be."""

    is_met: Callable[[Any], bool]
    text: str


def require_valid_values(options: Mapping[str, Any], place: str, rules: Mapping[str, OptionRule]) -> None:
    """Raise ConfigurationError for a value that breaks a rule; `place` has the options."""
    for name, rule in rules.items():
        if name in options and not rule.is_met(options[name]):
            raise ConfigurationError(f"{place} has {name}={options[name]!r}, which is not {rule.text}")


def is_number(value: Any) -> bool:
    """Return whether a value is a number and no bool."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_count(value: Any) -> bool:
    """Return whether a value is a whole number of 0 or more."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def one_of(words: tuple[str, ...], noun: str) -> OptionRule:
    """Return the rule for one of some words in any case, or an empty value; `noun` is their name with its article."""
    return OptionRule(
        lambda value: not value or (isinstance(value, str) and value.lower() in words),
        f"{noun}; choose one of: {', '.join(words)}",
    )


LIMIT = OptionRule(
    lambda value: value is None or (is_number(value) and value >= 0), "a number of seconds, or 0 for no limit"
)
COUNT = OptionRule(is_count, "a whole number of 0 or more")
TEXT = OptionRule(lambda value: value is None or isinstance(value, str), "a text")
