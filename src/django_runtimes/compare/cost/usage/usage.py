"""The values that a bill depends on besides traffic and prices, one for each KEY of `--set`."""

from dataclasses import dataclass, field, fields, replace
from decimal import Decimal

from django_runtimes.compare.cost.usage.compute_usage import ComputeUsage
from django_runtimes.compare.cost.usage.usage_key import (
    BILLED,
    CONNECTED,
    ECS,
    EVERY,
    LAMBDA,
    MANAGED,
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
class Usage(ComputeUsage):
    """The usage of one target."""

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
    ec2_discount_percent: Decimal = field(
        default=Decimal(0),
        metadata=number_key(
            "%",
            "discount of a savings plan or of reservations on EC2 instances, which Lambda's fee does not get",
            high="100",
            runtimes=MANAGED,
        ),
    )


USAGE_KEYS = {each.name: UsageKey(each.name, getattr(Usage(), each.name), **each.metadata) for each in fields(Usage)}


def assumed_usage(runtime: str) -> Usage:
    """Return the usage of a target on a runtime of which nothing was measured or set."""
    own = {name: key.runtime_defaults[runtime] for name, key in USAGE_KEYS.items() if runtime in key.runtime_defaults}
    # The keys have the types of the fields.
    return replace(Usage(), **own)  # type: ignore[arg-type]
