"""What a bill depends on besides traffic and prices: one value for each KEY of `--set`."""

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
    # The runtimes whose bills it affects; empty for all, and for the shared parts.
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
        default=Decimal(50), metadata=_number("ms", "mean time that a request occupies the handler", low="0.001")
    )
    architecture: str = field(
        default="x86", metadata=_choice(("x86", "arm"), "processor of functions and tasks", runtimes=(*_LAMBDA, *_ECS))
    )
    memory_mb: Decimal = field(
        default=Decimal(1769),
        metadata=_number(
            "MB", "memory of the function; 1,769 MB are one vCPU", low="128", high="10240", runtimes=_LAMBDA
        ),
    )
    init_ms: Decimal = field(
        default=Decimal(1500),
        metadata=_number("ms", "initialization of an execution environment, which is billed", runtimes=_LAMBDA),
    )
    cold_start_share: Decimal = field(
        default=Decimal("0.005"),
        metadata=_number("", "share of requests that start an environment", high="1", runtimes=_LAMBDA),
    )
    provisioned_concurrency: Decimal = field(
        default=Decimal(10),
        metadata=_number("environments", "kept ready, in the option +provisioned", runtimes=_LAMBDA),
    )
    stream_share: Decimal = field(
        default=Decimal(0), metadata=_number("", "share of requests that stream their response", high="1")
    )
    stream_s: Decimal = field(
        default=Decimal(10), metadata=_number("s", "duration of a streamed response, in place of duration_ms")
    )
    stream_mb: Decimal = field(default=Decimal(1), metadata=_number("MB", "size of a streamed response"))
    response_kb: Decimal = field(
        default=Decimal(20), metadata=_number("KB", "mean size of a response that is not streamed")
    )
    request_kb: Decimal = field(default=Decimal(2), metadata=_number("KB", "mean size of a request"))
    log_kb: Decimal = field(default=Decimal("0.5"), metadata=_number("KB", "log lines of a request"))
    log_months: Decimal = field(default=Decimal(1), metadata=_number("months", "retention of the logs", high="120"))
    task_vcpu: Decimal = field(
        default=Decimal(1),
        metadata=_number("vCPU", "processor of a task or an instance", low="0.25", high="16", runtimes=_CONTAINERS),
    )
    task_memory_gb: Decimal = field(
        default=Decimal(2),
        metadata=_number("GB", "memory of a task or an instance", low="0.5", high="120", runtimes=_CONTAINERS),
    )
    capacity_rps: Decimal = field(
        default=Decimal(50),
        metadata=_number("requests/s", "highest rate that a task or an instance holds", low="1", runtimes=_CONTAINERS),
    )
    utilization: Decimal = field(
        default=Decimal("0.65"),
        metadata=_number(
            "", "share of the capacity that is used before a task is added", low="0.1", high="1", runtimes=_CONTAINERS
        ),
    )
    min_tasks: Decimal = field(
        default=Decimal(2),
        metadata=_number("tasks", "fewest tasks; with two, one zone may fail", high="1000", runtimes=_ECS),
    )
    alb_services: Decimal = field(
        default=Decimal(1),
        metadata=_number("services", "that share the load balancer's price", low="1", high="100", runtimes=_ECS),
    )
    zones: Decimal = field(
        default=Decimal(2),
        metadata=_number("zones", "of the load balancer and the interface endpoints", low="1", high="6"),
    )
    requests_per_connection: Decimal = field(
        default=Decimal(5), metadata=_number("requests", "on one connection of a client", low="1", runtimes=_ECS)
    )
    connection_s: Decimal = field(
        default=Decimal(60), metadata=_number("s", "for which a client's connection stays open", runtimes=_ECS)
    )
    max_concurrency: Decimal = field(
        default=Decimal(100),
        metadata=_number("requests", "at once in an App Runner instance", low="1", high="200", runtimes=_APP_RUNNER),
    )
    database_class: str = field(
        default="db.t4g.micro", metadata=_choice(DATABASE_CLASSES, "instance of RDS; RDS Proxy is billed by its vCPU")
    )
    database_gb: Decimal = field(
        default=Decimal(20), metadata=_number("GB", "stored by the database", low="1", high="100000")
    )
    connections: Decimal = field(
        default=Decimal(20), metadata=_number("connections", "open to the database at the highest measured rate")
    )
    connections_at_rps: Decimal = field(
        default=Decimal(50),
        metadata=_number("requests/s", "the rate at which the connections were counted", low="0.001"),
    )
    database_cpu_ms: Decimal = field(
        default=Decimal(2), metadata=_number("ms", "processor time of the database for a request")
    )
    acu_per_rps: Decimal = field(
        default=Decimal("0.02"),
        metadata=_number("ACU", "of Aurora Serverless v2 for each request per second", high="100"),
    )
    min_acu: Decimal = field(
        default=Decimal("0.5"),
        metadata=_number("ACU", "of Aurora Serverless v2, when it does not pause", low="0.5", high="256"),
    )
    ios_per_request: Decimal = field(default=Decimal(1), metadata=_number("I/O", "of Aurora for a request"))
    data_api_calls: Decimal = field(default=Decimal(2), metadata=_number("calls", "of the Data API for a request"))
    data_api_kb: Decimal = field(
        default=Decimal(4), metadata=_number("KB", "of one call of the Data API", low="0.001", high="5120")
    )
    egress: str = field(
        default="none", metadata=_choice(("none", "nat", "endpoints"), "how private subnets reach other services")
    )
    nat_gateways: Decimal = field(
        default=Decimal(1), metadata=_number("gateways", "for the egress nat", low="1", high="6")
    )
    interface_endpoints: Decimal = field(
        default=Decimal(4),
        metadata=_number("endpoints", "in each zone, for the egress endpoints", low="1", high="50"),
    )
    egress_kb: Decimal = field(
        default=Decimal(0), metadata=_number("KB", "that a request sends through the NAT gateway or the endpoints")
    )
    secrets: Decimal = field(default=Decimal(1), metadata=_number("secrets", "in Secrets Manager"))
    free_tier: str = field(
        default="off", metadata=_choice(("off", "on"), "Lambda's and data transfer's monthly free allowance")
    )
    lambda_discount_percent: Decimal = field(
        default=Decimal(0),
        metadata=_number("%", "of a savings plan on Lambda's durations", high="100", runtimes=_LAMBDA),
    )
    fargate_discount_percent: Decimal = field(
        default=Decimal(0), metadata=_number("%", "of a savings plan on Fargate", high="100", runtimes=_ECS)
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
