"""Settings with ddtrace, which `ddtrace-run` or the import below activates; the test runs a stand-in for its agent."""

import os

if "INSTRUMENTED_BY_DDTRACE_RUN" not in os.environ:
    # The import patches Django.
    import ddtrace.auto  # noqa: F401
from ddtrace.trace import tracer

from instrumented.settings import *  # noqa: F403


def note(number: int) -> None:
    span = tracer.current_root_span()
    span.set_tag("tenant", str(number))
    span.set_tag("usr.id", str(number))
