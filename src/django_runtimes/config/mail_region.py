"""Reads the region of Amazon SES."""

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.region import aws_region
from django_runtimes.config.variables.mail_variables import MAIL, MAIL_REGION


def required_mail_region(environment: Environment) -> str:
    """Return WEBAPP_MAIL_REGION, else the region of the process; raise ConfigurationError if there is none."""
    region = environment[MAIL_REGION] or aws_region(environment)
    if region is None:
        raise ConfigurationError(
            f"{MAIL.name}=ses, but AWS_REGION is not set; set it, or {MAIL_REGION.name} to the region of the verified "
            "addresses"
        )
    return region
