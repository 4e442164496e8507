"""Sets the variables that are secrets in AWS, before the settings read them."""

import os

from django_runtimes.config.variables.application_variables import SECRETS


def load_stored_variables() -> None:
    """Read the secrets that WEBAPP_SECRETS names; raise ConfigurationError if one cannot be read."""
    if os.environ.get(SECRETS.name):
        # Its imports take 3 ms of a start, which most processes do not need.
        from django_runtimes.aws.secret_variables import load_secret_variables

        load_secret_variables(os.environ)
