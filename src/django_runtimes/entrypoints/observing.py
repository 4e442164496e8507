"""Creates the observer of a serving process, with the parts that the variables turn on."""

from django_runtimes.config.adopted import Adopted
from django_runtimes.config.values.choices import LogFormat, MetricsFormat
from django_runtimes.observability.access.access_lines import AccessLines, JsonLines, TextLines
from django_runtimes.observability.access.access_log import AccessLog
from django_runtimes.observability.access.query_times import time_queries
from django_runtimes.observability.served_logs import begin_serving


def begin_observing(here: Adopted) -> AccessLog:
    """Return the access log, and let every other log line name its request."""
    begin_serving()
    time_queries()
    return AccessLog(_lines(here))


def _lines(here: Adopted) -> AccessLines:
    if here.profile.log_format is not LogFormat.JSON:
        return TextLines()
    if here.metrics is MetricsFormat.NONE or here.stage is None:
        return JsonLines()
    from django_runtimes.observability.metrics.embedded_metrics import EmbeddedMetrics

    return JsonLines(EmbeddedMetrics(runtime=here.runtime, stage=here.stage))
