"""Reads the secrets of variables again, in processes that live on after a rotation: on Lambda."""

import logging
from collections.abc import Mapping, MutableMapping
from typing import NamedTuple

from django_runtimes.aws.secret_variables import read_secret_variables, stored_references
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.region import aws_region
from django_runtimes.config.variables.application_variables import SECRETS_TTL_S
from django_runtimes.config.variables.secret_references import SecretReference
from django_runtimes.moment import Moment

logger = logging.getLogger(__name__)

# While AWS does not answer, one request in this time waits for it.
_RETRY_AFTER_S = 60.0


class RotatedValue(NamedTuple):
    """The former and the current value of a variable; the former is empty if the variable was not set."""

    former: str
    current: str

    def __repr__(self) -> str:
        return "RotatedValue('********', '********')"


class SecretRenewal:
    """Sets the variables again when their values are older than `renew_after_s`; keeps the values if that fails."""

    def __init__(
        self,
        environ: MutableMapping[str, str],
        references: Mapping[str, SecretReference],
        region: str | None,
        *,
        renew_after_s: float,
    ) -> None:
        self._environ = environ
        self._references = references
        self._region = region
        self._renew_after_s = renew_after_s
        self._wait_s = renew_after_s
        self._tried_at = Moment.now()

    def renew(self) -> dict[str, RotatedValue]:
        """Read the secrets now, and return the changed ones by name; raise ConfigurationError, which shows no value."""
        values = read_secret_variables(self._references, self._region)
        rotated = {
            name: RotatedValue(self._environ.get(name, ""), value)
            for name, value in values.items()
            if self._environ.get(name) != value
        }
        self._environ.update(values)
        self._tried_at, self._wait_s = Moment.now(), self._renew_after_s
        return rotated

    def __call__(self) -> None:
        """Read the secrets if it is time; never raise, and never log a value."""
        if self._tried_at.age_s < self._wait_s:
            return
        try:
            rotated = self.renew()
        except ConfigurationError as error:
            self._tried_at, self._wait_s = Moment.now(), min(self._renew_after_s, _RETRY_AFTER_S)
            logger.warning("%s; the former values are still used", error)
        else:
            if rotated:
                logger.info(
                    "%s changed in AWS; settings that were computed from the former value keep it",
                    ", ".join(sorted(rotated)),
                )


def secret_renewal(environ: MutableMapping[str, str]) -> SecretRenewal:
    """Return the renewal of the variables whose values are secrets in AWS."""
    environment = Environment(environ)
    return SecretRenewal(
        environ,
        stored_references(environment),
        aws_region(environment),
        renew_after_s=environment[SECRETS_TTL_S],
    )
