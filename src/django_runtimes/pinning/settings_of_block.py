"""Gives pytest the settings of [tool.webapp] if the project's tests name none."""

import os
from collections.abc import Generator, MutableMapping

import pytest
from django.core.exceptions import AppRegistryNotReady, ImproperlyConfigured

from django_runtimes.cli.project.project import settings_by_variable
from django_runtimes.config.configuration_error import ConfigurationError

_VARIABLE = "DJANGO_SETTINGS_MODULE"


class SettingsNeededError(Exception):
    """A conftest.py uses Django while it is imported, but nothing names settings yet."""


class SettingsOfBlock:
    """A pytest plugin that loads settings after the project's conftest.py, which may set the variables of settings.

    The variable would make pytest-django load them before, and instead of those of pytest's configuration.
    """

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        self._settings = None if settings_by_variable(environ) else environ.pop(_VARIABLE, None)
        self.error: ConfigurationError | None = None

    def load_first(self) -> None:
        """Let pytest-django load the settings before conftest.py."""
        os.environ[_VARIABLE], self._settings = self._settings or "", None

    @pytest.hookimpl(wrapper=True)
    def pytest_load_initial_conftests(self) -> Generator[None, object, object]:
        """Raise SettingsNeededError if a conftest.py cannot be imported without settings."""
        try:
            return (yield)
        except Exception as failure:
            # pytest's own class, which is not public, has the exception of the import.
            needs_django = isinstance(getattr(failure, "cause", None), AppRegistryNotReady | ImproperlyConfigured)
            if needs_django and self._settings is not None and not os.environ.get(_VARIABLE):
                raise SettingsNeededError from None
            raise

    @pytest.hookimpl
    def pytest_configure(self) -> None:
        """Load the settings, unless an option, pytest's configuration or a conftest.py names others."""
        from django.conf import settings

        if self._settings is None or settings.configured or os.environ.get(_VARIABLE):
            return
        os.environ[_VARIABLE] = self._settings
        try:
            # pytest-django sets Django up after this plugin, if the settings are loaded.
            settings.DATABASES  # noqa: B018
        except ConfigurationError as error:
            self.error = error
            raise pytest.UsageError from None
