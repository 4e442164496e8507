"""The tools, each with what it needs around it and what it can tell of a request."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.integration.instruments.receivers import Receiver, datadog_records, elastic_records, receiver


@dataclass(frozen=True)
class Tool:
    """`name` is that of its environment and, after `with_`, of its settings module.

    `request_name` is what it calls a request, by `{way}`, `{view}` and `{function}`.
    """

    name: str
    request_name: str
    environ: Mapping[str, str] = field(default_factory=dict)
    # Makes it send before a test is over, where no exit handler runs.
    hasty_environ: Mapping[str, str] = field(default_factory=dict)
    # Its server's path, parser and answer, and the variable that takes its address.
    server: tuple[str, Callable, dict, str] | None = None
    tells_crumbs: bool = False
    # A middleware's span ends before a stream begins.
    times_streams: bool = True
    # Elastic takes an error's user from `request.user` only.
    errors_have_user: bool = True
    # Elastic's exit handler does not wait for what is on its way.
    sends_at_exit: bool = True

    @contextmanager
    def receiving(self) -> Iterator[Receiver | None]:
        """The server that the tool sends to; None for one that writes records itself."""
        if self.server is None:
            yield None
            return
        path, parse, answer, _ = self.server
        with receiver(path, parse, answer) as running:
            yield running

    def variables(self, running: Receiver | None) -> dict[str, str]:
        """The variables that switch the tool on."""
        address = {self.server[3]: running.url} if self.server is not None and running is not None else {}
        return {**self.environ, **address}


SENTRY = Tool("sentry", "/{way}/{view}/{{number}}", tells_crumbs=True)
OPENTELEMETRY = Tool("opentelemetry", "GET {way}/{view}/<int:number>", tells_crumbs=True, times_streams=False)
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
        # The first request waits until the agent is ready, and is counted.
        "NEW_RELIC_STARTUP_TIMEOUT": "10",
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
