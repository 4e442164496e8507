"""Variables of the access log, the metrics and the traces."""

import re

from django_runtimes.config.values.choices import MetricsFormat, TraceProtocol
from django_runtimes.config.variables.kinds import Choice, Flag, Text
from django_runtimes.config.variables.variable import RuleError

# CloudWatch accepts more characters in a dimension, but these need no escape anywhere.
_STAGE = re.compile(r"[A-Za-z0-9._-]{1,100}")


def _stage(name: str) -> str:
    if _STAGE.fullmatch(name) is None:
        raise RuleError("is not a stage's name", "use up to 100 letters, digits, dots, underscores and hyphens")
    return name


ACCESS_LOG = Flag(
    "WEBAPP_ACCESS_LOG",
    "Whether each serving process writes one line per request to standard output, with its route, status, durations "
    "and queries (`webapp docs logs`). Every other log line of a request then carries the request's id.",
    default=False,
)
METRICS = Choice(
    "WEBAPP_METRICS",
    "How metrics are reported: emf adds them to the lines of the access log in CloudWatch's embedded metric format "
    "(`webapp docs metrics`). Needs WEBAPP_ACCESS_LOG, WEBAPP_STAGE and lines of JSON.",
    MetricsFormat,
    noun="format of metrics",
    default=MetricsFormat.NONE,
)
TRACES = Choice(
    "WEBAPP_TRACES",
    "How traces of requests and queries are sent: otlp sends them by OpenTelemetry's protocol over HTTP, to the "
    "collector that OTEL_EXPORTER_OTLP_ENDPOINT names (`webapp docs integrations`). Needs the extra [traces].",
    TraceProtocol,
    noun="protocol of traces",
    default=TraceProtocol.NONE,
)
STAGE = Text(
    "WEBAPP_STAGE",
    "Name of the stage in metrics and traces, such as shop-production; the templates name project and stage.",
    parser=_stage,
)
