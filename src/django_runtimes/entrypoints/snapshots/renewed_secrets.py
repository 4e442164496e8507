"""Reads the secrets again after a restore, and brings them into the environment and the settings."""

import logging

from django_runtimes.adopt.renewed_settings import renew_settings
from django_runtimes.aws.secret_renewal import SecretRenewal

logger = logging.getLogger(__name__)


def renew_secrets(renewal: SecretRenewal) -> None:
    """Read the secrets, and let every setting that held a former value have the current one.

    Raise ConfigurationError, which shows no value, if a secret cannot be read: with a former one the environment could
    sign cookies that others refuse.
    """
    rotated = renewal.renew()
    if not rotated:
        return
    changed = renew_settings({name: (value.former, value.current) for name, value in rotated.items()})
    logger.info(
        "%s changed in AWS since the snapshot; the settings %s have the current values",
        ", ".join(sorted(rotated)),
        ", ".join(changed) or "that read them",
    )
