"""The monitoring tools under test, with the variables and servers they need and the fields they report."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.integration.instruments.receivers import Receiver, datadog_records, elastic_records, receiver


@dataclass(frozen=True)
class Tool:
    """A tool; `name` also names its virtual environment and, after `with_`, its settings module.

    `request_name` is the tool's name for a request, with `{way}`, `{view}` and `{function}` to fill in.
    """

    name: str
    request_name: str
    environ: Mapping[str, str] = field(default_factory=dict)
    # These variables make the tool send during the test, where no exit handler runs.
    hasty_environ: Mapping[str, str] = field(default_factory=dict)
    # The path, parser and answer of the server that it sends to, and the variable that takes its URL.
    server: tuple[str, Callable, dict, str] | None = None
    reports_breadcrumbs: bool = False
    # A middleware's span ends before a stream begins.
    times_streams: bool = True
    # Elastic takes an error's user from `request.user` only.
    errors_have_user: bool = True
    # Elastic's exit handler does not wait for records that are being sent.
    sends_at_exit: bool = True

    @contextmanager
    def receiving(self) -> Iterator[Receiver | None]:
        """Run the server that the tool sends to; yield None for a tool that writes records itself."""
        if self.server is None:
            yield None
            return
        path, parse, answer, _ = self.server
        with receiver(path, parse, answer) as running:
            yield running

    def variables(self, running: Receiver | None) -> dict[str, str]:
        """Return the variables that switch the tool on."""
        address = {self.server[3]: running.url} if self.server is not None and running is not None else {}
        return {**self.environ, **address}


SENTRY = Tool("sentry", "/{way}/{view}/{{number}}", reports_breadcrumbs=True)
OPENTELEMETRY = Tool("opentelemetry", "GET {way}/{view}/<int:number>", reports_breadcrumbs=True, times_streams=False)
DATADOG = Tool(
    "datadog",
    "GET {way}/{view}/<int:number>",
    environ={
        "DD_TRACE_API_VERSION": "v0.4",
        "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
        "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    },
    server=(
        "/v0.4/traces",
        datadog_records,
        {"endpoints": ["/v0.4/traces"], "version": "7.60.0"},
        "DD_TRACE_AGENT_URL",
    ),
)
NEWRELIC = Tool(
    "newrelic",
    "WebTransaction/Function/instrumented.views:{function}",
    environ={
        "NEW_RELIC_DEVELOPER_MODE": "true",
        "NEW_RELIC_LICENSE_KEY": "0" * 40,
        "NEW_RELIC_APP_NAME": "instrumented",
        # Without this wait the first request is not recorded.
        "NEW_RELIC_STARTUP_TIMEOUT": "60",
        "NEW_RELIC_LOG": "stderr",
        "NEW_RELIC_LOG_LEVEL": "error",
    },
)
ELASTIC = Tool(
    "elastic",
    "GET instrumented.views.{function}",
    environ={
        "ELASTIC_APM_SERVICE_NAME": "instrumented",
        "ELASTIC_APM_CENTRAL_CONFIG": "false",
        "ELASTIC_APM_CLOUD_PROVIDER": "none",
        "ELASTIC_APM_METRICS_INTERVAL": "0ms",
    },
    hasty_environ={"ELASTIC_APM_API_REQUEST_TIME": "50ms"},
    server=("/intake/v2/events", elastic_records, {"version": "8.15.0"}, "ELASTIC_APM_SERVER_URL"),
    errors_have_user=False,
    sends_at_exit=False,
)
TOOLS = (SENTRY, OPENTELEMETRY, DATADOG, NEWRELIC, ELASTIC)
