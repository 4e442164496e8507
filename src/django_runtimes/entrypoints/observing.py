"""Creates the observer of a serving process, with the parts that the variables turn on."""

from django_runtimes.config.adopted import Adopted
from django_runtimes.config.values.choices import LogFormat
from django_runtimes.observability.access_log import AccessLog, json_line, text_line
from django_runtimes.observability.query_times import time_queries
from django_runtimes.observability.served_logs import begin_serving


def begin_observing(here: Adopted) -> AccessLog:
    """Return the access log, and let every other log line name its request."""
    begin_serving()
    time_queries()
    return AccessLog(json_line if here.profile.log_format is LogFormat.JSON else text_line)
