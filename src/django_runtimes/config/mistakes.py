"""Collects independent errors, so that one run reports all of them."""

from collections.abc import Iterator
from contextlib import contextmanager

from django_runtimes.config.configuration_error import ConfigurationError


class Mistakes:
    """The errors that were found so far; equal texts count once."""

    def __init__(self) -> None:
        self._errors: dict[str, ConfigurationError] = {}

    def add(self, error: ConfigurationError) -> None:
        """Add an error, and those that it carries."""
        for each in (error, *map(ConfigurationError, error.others)):
            self._errors.setdefault(str(each), each)

    @contextmanager
    def collected(self) -> Iterator[None]:
        """Add a ConfigurationError that is raised within, instead of passing it on."""
        try:
            yield
        except ConfigurationError as error:
            self.add(error)

    def raise_together(self) -> None:
        """Raise the first error, with the texts of the others; do nothing if there are none."""
        if not self._errors:
            return
        first, *others = self._errors.values()
        first.others = tuple(map(str, others))
        raise first
