"""Variables of the limits on requests."""

from typing import TYPE_CHECKING

from django_runtimes.config.values.choices import ThrottleOutage
from django_runtimes.config.variables.kinds import Choice, Integer
from django_runtimes.config.variables.variable import Variable

if TYPE_CHECKING:
    from django_runtimes.config.values.request_rate import RequestRate


class RateVariable(Variable["RequestRate | None"]):
    """A number of requests in a window of time."""

    kind = "rate"

    def parse(self, text: str) -> "RequestRate":
        """Return the rate; raise ConfigurationError for a text that is none."""
        # Imported here so that only processes with a limit import it.
        from django_runtimes.config.values.request_rate import RateError, parse_rate

        try:
            return parse_rate(text)
        except RateError as error:
            self.refuse(text, error.rule, error.remedy)


THROTTLE = RateVariable(
    "WEBAPP_THROTTLE",
    "The largest number of requests from one client address in a window of time, such as 100/m, 20/30s or 1000/h; "
    "further ones get a 429 (`webapp docs throttling`). Outside `local` it needs WEBAPP_STORE_URL.",
    default=None,
    default_note="no limit",
)
THROTTLE_OUTAGE = Choice(
    "WEBAPP_THROTTLE_OUTAGE",
    "What happens to requests that cannot be counted because the store does not answer: open serves them, and closed "
    "answers 503.",
    ThrottleOutage,
    noun="way to treat requests that cannot be counted",
    default=ThrottleOutage.OPEN,
)
THROTTLE_TIMEOUT_MS = Integer(
    "WEBAPP_THROTTLE_TIMEOUT_MS",
    "How many milliseconds a request waits for a connection to the store, and as long again for the count, before "
    "WEBAPP_THROTTLE_OUTAGE decides. After a failure, one request a second of each process waits.",
    default=500,
    minimum=10,
    maximum=10_000,
)
