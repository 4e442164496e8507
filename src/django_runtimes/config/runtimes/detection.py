"""Detects which service runs the process."""

from collections.abc import Mapping
from typing import NamedTuple

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.application_variables import RUNTIME


class Detection(NamedTuple):
    """The runtime, and the evidence for it."""

    runtime: Runtime
    evidence: str


_LAMBDA_MARKER = "AWS_LAMBDA_FUNCTION_NAME"

_MARKERS = (
    (_LAMBDA_MARKER, Runtime.AWS_LAMBDA),
    ("ECS_CONTAINER_METADATA_URI_V4", Runtime.AWS_ECS),
    ("KUBERNETES_SERVICE_HOST", Runtime.KUBERNETES),
)
# App Runner is absent on purpose: no documented variable identifies it, so its template declares WEBAPP_RUNTIME.


def detect_runtime(environ: Mapping[str, str]) -> Detection:
    """Return the declared runtime, else the first marker's, else `local`.

    Raise ConfigurationError for a declaration that is not a runtime or that contradicts Lambda's marker.
    """
    declared = Environment(environ)[RUNTIME]
    if declared is None:
        for marker, runtime in _MARKERS:
            if environ.get(marker):
                return Detection(runtime, f"{marker} is set")
        return Detection(Runtime.LOCAL, "no runtime is declared and no marker is set")
    if environ.get(_LAMBDA_MARKER) and declared is not Runtime.AWS_LAMBDA:
        raise ConfigurationError(
            f"WEBAPP_RUNTIME='{declared}' contradicts {_LAMBDA_MARKER}, which only Lambda sets; "
            f"declare {Runtime.AWS_LAMBDA} or unset WEBAPP_RUNTIME"
        )
    return Detection(declared, f"WEBAPP_RUNTIME={declared}")
