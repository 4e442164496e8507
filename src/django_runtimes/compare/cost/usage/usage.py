"""The values that a bill depends on besides traffic and prices, one for each KEY of `--set`."""

from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from typing import Any


class ValueOrigin(StrEnum):
    """Where a value of the usage comes from."""

    MEASURED = "measured"
    SET = "set"
    ASSUMED = "assumed"


@dataclass(frozen=True)
class UsageKey:
    """A KEY of `--set`: a number within bounds, or one of the choices."""

    name: str
    default: Decimal | str
    meaning: str
    unit: str = ""
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(1_000_000)
    choices: tuple[str, ...] = ()
    # The runtimes whose bills the key affects; empty if it affects all of them or a shared part.
    runtimes: tuple[str, ...] = ()


def _number(
    unit: str, meaning: str, *, low: str = "0", high: str = "1000000", runtimes: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {"unit": unit, "meaning": meaning, "low": Decimal(low), "high": Decimal(high), "runtimes": runtimes}


def _choice(choices: tuple[str, ...], meaning: str, *, runtimes: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"meaning": meaning, "choices": choices, "runtimes": runtimes}


_LAMBDA = ("aws_lambda",)
_ECS = ("aws_ecs",)
_APP_RUNNER = ("aws_app_runner",)
_CONTAINERS = (*_ECS, *_APP_RUNNER)


# The classes of RDS that instance_class.py describes, the cheapest first.
DATABASE_CLASSES = (
    "db.t4g.micro", "db.t4g.small", "db.t4g.medium", "db.t4g.large", "db.m7g.large", "db.t4g.xlarge", "db.m7g.xlarge",
    "db.t4g.2xlarge", "db.m7g.2xlarge", "db.m7g.4xlarge",
)  # fmt: skip


@dataclass(frozen=True)
class Usage:
    """The usage of one target."""

    duration_ms: Decimal = field(
        default=Decimal(50), metadata=_number("ms", "mean time for which a request occupies the handler", low="0.001")
    )
    architecture: str = field(
        default="x86",
        metadata=_choice(("x86", "arm"), "CPU architecture of functions and tasks", runtimes=(*_LAMBDA, *_ECS)),
    )
    memory_mb: Decimal = field(
        default=Decimal(1769),
        metadata=_number(
            "MB", "memory of the function; 1,769 MB provide one vCPU", low="128", high="10240", runtimes=_LAMBDA
        ),
    )
    init_ms: Decimal = field(
        default=Decimal(1500),
        metadata=_number("ms", "billed initialization of an execution environment", runtimes=_LAMBDA),
    )
    cold_start_share: Decimal = field(
        default=Decimal("0.005"),
        metadata=_number("", "share of requests that start an environment", high="1", runtimes=_LAMBDA),
    )
    provisioned_concurrency: Decimal = field(
        default=Decimal(10),
        metadata=_number("environments", "environments kept ready with the option +provisioned", runtimes=_LAMBDA),
    )
    stream_share: Decimal = field(
        default=Decimal(0), metadata=_number("", "share of requests that stream their response", high="1")
    )
    stream_s: Decimal = field(
        default=Decimal(10), metadata=_number("s", "duration of a streamed response, instead of duration_ms")
    )
    stream_mb: Decimal = field(default=Decimal(1), metadata=_number("MB", "size of a streamed response"))
    response_kb: Decimal = field(
        default=Decimal(20), metadata=_number("KB", "mean size of a response that is not streamed")
    )
    request_kb: Decimal = field(default=Decimal(2), metadata=_number("KB", "mean size of a request"))
    log_kb: Decimal = field(default=Decimal("0.5"), metadata=_number("KB", "size of a request's log lines"))
    log_months: Decimal = field(default=Decimal(1), metadata=_number("months", "retention of the logs", high="120"))
    task_vcpu: Decimal = field(
        default=Decimal(1),
        metadata=_number("vCPU", "vCPUs of a task or an instance", low="0.25", high="16", runtimes=_CONTAINERS),
    )
    task_memory_gb: Decimal = field(
        default=Decimal(2),
        metadata=_number("GB", "memory of a task or an instance", low="0.5", high="120", runtimes=_CONTAINERS),
    )
    capacity_rps: Decimal = field(
        default=Decimal(50),
        metadata=_number(
            "requests/s", "highest rate that a task or an instance keeps up with", low="1", runtimes=_CONTAINERS
        ),
    )
    utilization: Decimal = field(
        default=Decimal("0.65"),
        metadata=_number(
            "", "share of the capacity that is used before a task is added", low="0.1", high="1", runtimes=_CONTAINERS
        ),
    )
    min_tasks: Decimal = field(
        default=Decimal(2),
        metadata=_number("tasks", "minimum number of tasks; with two, one zone may fail", high="1000", runtimes=_ECS),
    )
    alb_services: Decimal = field(
        default=Decimal(1),
        metadata=_number(
            "services", "number of services that share the load balancer's price", low="1", high="100", runtimes=_ECS
        ),
    )
    zones: Decimal = field(
        default=Decimal(2),
        metadata=_number(
            "zones", "number of zones of the load balancer and the interface endpoints", low="1", high="6"
        ),
    )
    requests_per_connection: Decimal = field(
        default=Decimal(5),
        metadata=_number("requests", "mean number of requests on a client's connection", low="1", runtimes=_ECS),
    )
    connection_s: Decimal = field(
        default=Decimal(60), metadata=_number("s", "time for which a client's connection stays open", runtimes=_ECS)
    )
    max_concurrency: Decimal = field(
        default=Decimal(100),
        metadata=_number(
            "requests", "requests that an App Runner instance serves at once", low="1", high="200", runtimes=_APP_RUNNER
        ),
    )
    database_class: str = field(
        default="db.t4g.small",
        metadata=_choice(DATABASE_CLASSES, "class of the RDS instance; RDS Proxy is billed by its vCPUs"),
    )
    database_gb: Decimal = field(
        default=Decimal(20), metadata=_number("GB", "size of the database", low="1", high="100000")
    )
    connections: Decimal = field(
        default=Decimal(20),
        metadata=_number("connections", "open connections to the database at the highest measured rate"),
    )
    connections_at_rps: Decimal = field(
        default=Decimal(50),
        metadata=_number("requests/s", "rate at which the connections were counted", low="0.001"),
    )
    database_cpu_ms: Decimal = field(default=Decimal(2), metadata=_number("ms", "the database's CPU time per request"))
    acu_per_rps: Decimal = field(
        default=Decimal("0.02"),
        metadata=_number("ACU", "capacity of Aurora Serverless v2 for each request per second", high="100"),
    )
    min_acu: Decimal = field(
        default=Decimal(2),
        metadata=_number("ACU", "minimum capacity of Aurora Serverless v2, unless it pauses", low="0.5", high="256"),
    )
    ios_per_request: Decimal = field(
        default=Decimal(1), metadata=_number("I/O", "I/O operations of Aurora per request")
    )
    data_api_calls: Decimal = field(default=Decimal(2), metadata=_number("calls", "calls of the Data API per request"))
    data_api_kb: Decimal = field(
        default=Decimal(4), metadata=_number("KB", "size of one call of the Data API", low="0.001", high="5120")
    )
    egress: str = field(
        default="none", metadata=_choice(("none", "nat", "endpoints"), "how private subnets reach other services")
    )
    nat_gateways: Decimal = field(
        default=Decimal(1),
        metadata=_number("gateways", "number of NAT gateways, for the egress nat", low="1", high="6"),
    )
    interface_endpoints: Decimal = field(
        default=Decimal(4),
        metadata=_number("endpoints", "number of endpoints in each zone, for the egress endpoints", low="1", high="50"),
    )
    egress_kb: Decimal = field(
        default=Decimal(0), metadata=_number("KB", "data per request through the NAT gateway or the endpoints")
    )
    secrets: Decimal = field(default=Decimal(1), metadata=_number("secrets", "number of secrets in Secrets Manager"))
    free_tier: str = field(
        default="off",
        metadata=_choice(("off", "on"), "whether the monthly free allowances of Lambda and data transfer apply"),
    )
    lambda_discount_percent: Decimal = field(
        default=Decimal(0),
        metadata=_number("%", "discount of a savings plan on Lambda's durations", high="100", runtimes=_LAMBDA),
    )
    fargate_discount_percent: Decimal = field(
        default=Decimal(0), metadata=_number("%", "discount of a savings plan on Fargate", high="100", runtimes=_ECS)
    )


def _keys() -> dict[str, UsageKey]:
    plain = Usage()
    return {each.name: UsageKey(each.name, getattr(plain, each.name), **each.metadata) for each in fields(Usage)}


USAGE_KEYS = _keys()


def usage_text(key: UsageKey, value: Decimal | str) -> str:
    """Return a value with its unit, such as "1,769 MB" or "x86"."""
    if isinstance(value, str):
        return value
    return f"{value.normalize():,f} {key.unit}".strip()
