"""What `webapp check` adds to Django's: settings that lack `configure()`, and `--explain`."""

import sys
from collections.abc import Sequence

from django_runtimes.config.adopted import not_called
from django_runtimes.config.errors import ConfigurationError

_OPTION = "--explain"


def before_check(arguments: Sequence[str]) -> list[str]:
    """Load the settings, and print with --explain what `configure()` changed; returns the arguments for Django's.

    ConfigurationError where the settings do not call it.
    """
    if {"--help", "-h"} & set(arguments):
        sys.stdout.write(f"{_OPTION}  list every setting that configure() added or changed, with the reason\n\n")
        return [argument for argument in arguments if argument != _OPTION]
    from django.conf import settings

    from django_runtimes.adopt.configure import last_call

    # The first look at one of them loads all.
    module = settings.SETTINGS_MODULE
    call = last_call()
    if call is None:
        raise ConfigurationError(not_called(module))
    if _OPTION in arguments:
        from django_runtimes.adopt.explanation import explain

        sys.stdout.write(explain(call) + "\n")
    return [argument for argument in arguments if argument != _OPTION]
