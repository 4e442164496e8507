"""The values that a bill depends on besides traffic and prices, one for each KEY of `--set`."""

from dataclasses import dataclass, field, fields, replace
from decimal import Decimal

from django_runtimes.compare.cost.usage.usage_key import (
    APP_RUNNER,
    BILLED,
    CONNECTED,
    CONTAINERS,
    ECS,
    EVERY,
    LAMBDA,
    NO_TARGET,
    UsageKey,
    choice_key,
    number_key,
    priced_choice,
    priced_number,
    priced_whole,
    whole_key,
)

# The classes of RDS that instance_class.py describes, the cheapest first.
DATABASE_CLASSES = (
    "db.t4g.micro", "db.t4g.small", "db.t4g.medium", "db.t4g.large", "db.m7g.large", "db.t4g.xlarge", "db.m7g.xlarge",
    "db.t4g.2xlarge", "db.m7g.2xlarge", "db.m7g.4xlarge",
)  # fmt: skip


@dataclass(frozen=True)
class Usage:
    """The usage of one target."""

    duration_ms: Decimal = field(
        default=Decimal(50),
        metadata=number_key(
            "ms", "mean time for which a request occupies the handler", low="0.001", runtimes=(*LAMBDA, *APP_RUNNER)
        ),
    )
    architecture: str = field(
        default="x86",
        metadata=choice_key(("x86", "arm"), "CPU architecture of functions and tasks", runtimes=(*LAMBDA, *ECS)),
    )
    memory_mb: Decimal = field(
        default=Decimal(1769),
        metadata=whole_key(
            "MB", "memory of the function; 1,769 MB provide one vCPU", low="128", high="10240", runtimes=LAMBDA
        ),
    )
    init_ms: Decimal = field(
        default=Decimal(1500),
        metadata=number_key("ms", "billed initialization of an execution environment", runtimes=LAMBDA),
    )
    cold_start_share: Decimal = field(
        default=Decimal("0.005"),
        metadata=number_key("", "share of requests that start an environment", high="1", runtimes=LAMBDA),
    )
    provisioned_concurrency: Decimal = field(
        default=Decimal(10),
        metadata=whole_key(
            "environments",
            "environments kept ready with the option +provisioned",
            low="1",
            runtimes=NO_TARGET,
            shared=LAMBDA,
        ),
    )
    stream_share: Decimal = field(
        default=Decimal(0),
        metadata=number_key("", "share of requests that stream their response", high="1", runtimes=BILLED),
    )
    stream_s: Decimal = field(
        default=Decimal(10),
        metadata=number_key(
            "s", "duration of a streamed response, instead of duration_ms", runtimes=(*LAMBDA, *APP_RUNNER)
        ),
    )
    stream_mb: Decimal = field(
        default=Decimal(1), metadata=number_key("MB", "size of a streamed response", runtimes=BILLED)
    )
    response_kb: Decimal = field(
        default=Decimal(20), metadata=number_key("KB", "mean size of a response that is not streamed", runtimes=BILLED)
    )
    request_kb: Decimal = field(
        default=Decimal(2), metadata=number_key("KB", "mean size of a request", runtimes=(*LAMBDA, *ECS))
    )
    log_kb: Decimal = field(
        # A line with metrics has 740 to 760 bytes (docs/metrics.md).
        default=Decimal("0.75"),
        metadata=number_key("KB", "size of a request's log lines", runtimes=BILLED),
    )
    log_months: Decimal = field(
        default=Decimal(1), metadata=number_key("months", "retention of the logs", high="120", runtimes=BILLED)
    )
    custom_metrics: Decimal = field(
        default=Decimal(10),
        metadata=whole_key(
            "metrics",
            "metrics that the application sends to CloudWatch (Metrics=emf) in each hour with requests",
            high="10000",
            runtimes=BILLED,
            # Three metrics are of pools, and a function has none.
            runtime_defaults={"aws_lambda": Decimal(7)},
        ),
    )
    task_vcpu: Decimal = field(
        default=Decimal(1),
        metadata=number_key(
            "vCPU",
            "vCPUs of a task or an instance; AWS offers only some sizes",
            low="0.25",
            high="16",
            step=Decimal("0.25"),
            runtimes=CONTAINERS,
        ),
    )
    task_memory_gb: Decimal = field(
        default=Decimal(2),
        metadata=number_key(
            "GB",
            "memory of a task or an instance, of a size that AWS offers",
            low="0.5",
            high="120",
            step=Decimal("0.5"),
            runtimes=CONTAINERS,
        ),
    )
    capacity_rps: Decimal = field(
        default=Decimal(50),
        metadata=number_key(
            "requests/s", "highest rate that a task or an instance keeps up with", low="1", runtimes=CONTAINERS
        ),
    )
    utilization: Decimal = field(
        default=Decimal("0.65"),
        metadata=number_key(
            "", "share of the capacity that is used before a task is added", low="0.1", high="1", runtimes=CONTAINERS
        ),
    )
    min_tasks: Decimal = field(
        default=Decimal(2),
        metadata=whole_key("tasks", "minimum number of tasks; with two, one zone may fail", high="1000", runtimes=ECS),
    )
    alb_services: Decimal = field(
        default=Decimal(1),
        metadata=whole_key(
            "services", "number of services that share the load balancer's price", low="1", high="100", runtimes=ECS
        ),
    )
    zones: Decimal = field(
        default=Decimal(2),
        metadata=whole_key(
            "zones",
            "number of zones of the load balancer and the interface endpoints",
            low="1",
            high="6",
            runtimes=ECS,
            shared=EVERY,
        ),
    )
    requests_per_connection: Decimal = field(
        default=Decimal(5),
        metadata=number_key("requests", "mean number of requests on a client's connection", low="1", runtimes=ECS),
    )
    connection_s: Decimal = field(
        default=Decimal(60), metadata=number_key("s", "time for which a client's connection stays open", runtimes=ECS)
    )
    max_concurrency: Decimal = field(
        default=Decimal(80),
        metadata=whole_key(
            "requests", "requests that an App Runner instance serves at once", low="1", high="200", runtimes=APP_RUNNER
        ),
    )
    database_class: str = field(
        default="db.t4g.small",
        metadata=priced_choice(
            DATABASE_CLASSES,
            "class of the RDS instance; RDS Proxy is billed by its vCPUs",
            runtimes=BILLED,
            routes=("proxy",),
            shared=EVERY,
        ),
    )
    database_gb: Decimal = field(
        default=Decimal(20),
        metadata=priced_whole("GB", "size of the database", low="1", high="100000", runtimes=NO_TARGET, shared=EVERY),
    )
    connections: Decimal = field(
        default=Decimal(20),
        metadata=priced_whole(
            "connections", "open connections to the database at the highest measured rate", routes=CONNECTED
        ),
    )
    connections_at_rps: Decimal = field(
        default=Decimal(50),
        metadata=priced_number(
            "requests/s", "rate at which the connections were counted", low="0.001", routes=("direct",)
        ),
    )
    peak_connections: Decimal = field(
        default=Decimal(20),
        metadata=priced_whole("connections", "largest number of open connections, in bursts too", routes=CONNECTED),
    )
    database_cpu_ms: Decimal = field(
        default=Decimal(2), metadata=priced_number("ms", "the database's CPU time per request", routes=CONNECTED)
    )
    acu_per_rps: Decimal = field(
        default=Decimal("0.02"),
        metadata=priced_number(
            "ACU",
            "capacity of Aurora Serverless v2 for each request per second",
            high="100",
            runtimes=NO_TARGET,
            shared=EVERY,
        ),
    )
    min_acu: Decimal = field(
        default=Decimal(2),
        metadata=priced_number(
            "ACU",
            "minimum capacity of Aurora Serverless v2, unless it pauses",
            low="0.5",
            high="256",
            step=Decimal("0.5"),
            runtimes=NO_TARGET,
            shared=EVERY,
        ),
    )
    ios_per_request: Decimal = field(
        default=Decimal(1),
        metadata=priced_number("I/O", "I/O operations of Aurora per request", runtimes=NO_TARGET, shared=EVERY),
    )
    data_api_calls: Decimal = field(
        default=Decimal(2),
        metadata=priced_number(
            "calls", "calls of the Data API per request", runtimes=BILLED, routes=("data_api",), shared=EVERY
        ),
    )
    data_api_kb: Decimal = field(
        default=Decimal(4),
        metadata=priced_number(
            "KB",
            "size of one call of the Data API",
            low="0.001",
            high="5120",
            runtimes=BILLED,
            routes=("data_api",),
            shared=EVERY,
        ),
    )
    egress: str = field(
        default="none",
        metadata=choice_key(
            ("none", "nat", "endpoints"),
            "how private subnets reach other services; with none, tasks have public addresses",
            runtimes=ECS,
        ),
    )
    nat_gateways: Decimal = field(
        default=Decimal(1),
        metadata=whole_key(
            "gateways",
            "number of NAT gateways, for the egress nat",
            low="1",
            high="6",
            runtimes=NO_TARGET,
            shared=EVERY,
        ),
    )
    interface_endpoints: Decimal = field(
        default=Decimal(4),
        metadata=whole_key(
            "endpoints",
            "number of endpoints in each zone, for the egress endpoints",
            low="1",
            high="50",
            runtimes=NO_TARGET,
            shared=EVERY,
        ),
    )
    egress_kb: Decimal = field(
        default=Decimal(0),
        metadata=number_key(
            "KB", "data per request through the NAT gateway or the endpoints", runtimes=NO_TARGET, shared=EVERY
        ),
    )
    secrets: Decimal = field(
        default=Decimal(1),
        metadata=whole_key("secrets", "number of secrets in Secrets Manager", runtimes=LAMBDA, shared=EVERY),
    )
    free_tier: str = field(
        default="off",
        metadata=choice_key(
            ("off", "on"), "whether the monthly free allowances of Lambda and data transfer apply", runtimes=BILLED
        ),
    )
    lambda_discount_percent: Decimal = field(
        default=Decimal(0),
        metadata=number_key("%", "discount of a savings plan on Lambda's durations", high="100", runtimes=LAMBDA),
    )
    fargate_discount_percent: Decimal = field(
        default=Decimal(0), metadata=number_key("%", "discount of a savings plan on Fargate", high="100", runtimes=ECS)
    )


USAGE_KEYS = {each.name: UsageKey(each.name, getattr(Usage(), each.name), **each.metadata) for each in fields(Usage)}


def assumed_usage(runtime: str) -> Usage:
    """Return the usage of a target on a runtime of which nothing was measured or set."""
    own = {name: key.runtime_defaults[runtime] for name, key in USAGE_KEYS.items() if runtime in key.runtime_defaults}
    # The keys have the types of the fields.
    return replace(Usage(), **own)  # type: ignore[arg-type]
