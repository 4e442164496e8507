"""Checks that a server which is shutting down has time left after it has drained."""

from django_runtimes.adopt.process_variables import ProcessVariables
from django_runtimes.adopt.setting_change import Draft
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.variables.server_variables import DRAIN_S, GRACEFUL_TIMEOUT_S


def refuse_long_drain(draft: Draft, variables: ProcessVariables) -> None:
    """Raise ConfigurationError if WEBAPP_DRAIN_S is not shorter than WEBAPP_GRACEFUL_TIMEOUT_S, which includes it."""
    drain_s, graceful_timeout_s = variables[DRAIN_S], variables[GRACEFUL_TIMEOUT_S]
    # The server shortens the profile's own value if necessary.
    if drain_s is not None and drain_s >= graceful_timeout_s:
        raise ConfigurationError(
            f"WEBAPP_DRAIN_S={drain_s} is not shorter than WEBAPP_GRACEFUL_TIMEOUT_S={graceful_timeout_s}, which "
            "includes it; decrease it, or increase WEBAPP_GRACEFUL_TIMEOUT_S"
        )
