"""Reads the name of the settings module."""

from collections.abc import Mapping

from django_runtimes.config.configuration_error import ConfigurationError


def settings_module(environ: Mapping[str, str]) -> str:
    """Return DJANGO_SETTINGS_MODULE; raise ConfigurationError when it is not set."""
    name = environ.get("DJANGO_SETTINGS_MODULE")
    if not name:
        raise ConfigurationError(
            "DJANGO_SETTINGS_MODULE is not set; set it to the project's settings module, such as config.settings"
        )
    return name
