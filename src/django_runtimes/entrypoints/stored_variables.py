"""Sets the variables that are secrets in files or in AWS, before the settings read them."""

import os

from django_runtimes.config.secret_files import load_secret_files
from django_runtimes.config.variables.application_variables import SECRETS


def load_stored_variables() -> None:
    """Read secrets from the files that variables name, and those of WEBAPP_SECRETS; ConfigurationError if one fails."""
    load_secret_files(os.environ)
    if os.environ.get(SECRETS.name):
        # Its imports take 3 ms of a start, which most processes do not need.
        from django_runtimes.aws.secret_variables import load_secret_variables

        load_secret_variables(os.environ)
