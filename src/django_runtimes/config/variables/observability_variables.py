"""Variables of the access log."""

from django_runtimes.config.variables.kinds import Flag

ACCESS_LOG = Flag(
    "WEBAPP_ACCESS_LOG",
    "Whether each serving process writes one line per request to standard output, with its route, status, durations "
    "and queries (`webapp docs logs`). Every other log line of a request then carries the request's id.",
    default=False,
)
