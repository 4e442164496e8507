"""Sets the variables that are secrets in files or in AWS, before the settings read them."""

import os

from django_runtimes.config.secret_files import load_secret_files
from django_runtimes.config.variables.application_variables import SECRET_KEY_ARN, SECRETS


def load_stored_variables() -> None:
    """Read secrets from the files and from AWS, where variables name them; ConfigurationError if one fails."""
    load_secret_files(os.environ)
    if has_stored_variables():
        # Its imports take 3 ms of a start, which most processes do not need.
        from django_runtimes.aws.secret_variables import load_secret_variables

        load_secret_variables(os.environ)


def has_stored_variables() -> bool:
    """Return whether a variable of this process names a secret in AWS."""
    return bool(os.environ.get(SECRETS.name) or os.environ.get(SECRET_KEY_ARN.name))
