"""Which settings module Django is to load."""

from collections.abc import Mapping

from django_runtimes.config.configuration_error import ConfigurationError


def settings_module(environ: Mapping[str, str]) -> str:
    """The module that DJANGO_SETTINGS_MODULE names; ConfigurationError without one."""
    name = environ.get("DJANGO_SETTINGS_MODULE")
    if not name:
        raise ConfigurationError(
            "DJANGO_SETTINGS_MODULE is not set; name the project's settings module, such as config.settings"
        )
    return name
