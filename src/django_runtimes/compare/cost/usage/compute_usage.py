"""The values that the bill of a function, a task or an instance depends on, one for each KEY of `--set`."""

from dataclasses import dataclass, field
from decimal import Decimal

from django_runtimes.compare.cost.usage.ec2_types import EC2_TYPES, SMALLEST
from django_runtimes.compare.cost.usage.usage_key import (
    APP_RUNNER,
    BILLED,
    CONTAINERS,
    ECS,
    EVERY,
    FUNCTIONS,
    LAMBDA,
    MANAGED,
    NO_TARGET,
    SCALED,
    choice_key,
    number_key,
    whole_key,
)


@dataclass(frozen=True)
class ComputeUsage:
    """The usage of the processes of one target."""

    duration_ms: Decimal = field(
        default=Decimal(50),
        metadata=number_key(
            "ms", "mean time for which a request occupies the handler", low="0.001", runtimes=(*FUNCTIONS, *APP_RUNNER)
        ),
    )
    architecture: str = field(
        default="x86",
        metadata=choice_key(("x86", "arm"), "CPU architecture of functions and tasks", runtimes=(*LAMBDA, *ECS)),
    )
    memory_mb: Decimal = field(
        default=Decimal(1769),
        metadata=whole_key(
            "MB",
            "memory of the function; 1,769 MB provide one vCPU, and on Managed Instances each gb_per_vcpu",
            low="128",
            high="10240",
            runtimes=FUNCTIONS,
            # The smallest memory with which deploy/lambda runs on Managed Instances.
            runtime_defaults=dict.fromkeys(MANAGED, Decimal(4096)),
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
            "s", "duration of a streamed response, instead of duration_ms", runtimes=(*FUNCTIONS, *APP_RUNNER)
        ),
    )
    stream_mb: Decimal = field(
        default=Decimal(1), metadata=number_key("MB", "size of a streamed response", runtimes=BILLED)
    )
    response_kb: Decimal = field(
        default=Decimal(20), metadata=number_key("KB", "mean size of a response that is not streamed", runtimes=BILLED)
    )
    request_kb: Decimal = field(
        default=Decimal(2), metadata=number_key("KB", "mean size of a request", runtimes=(*FUNCTIONS, *ECS))
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
            runtime_defaults=dict.fromkeys(FUNCTIONS, Decimal(7)),
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
            "requests/s",
            "highest rate that a task, an instance of App Runner or an execution environment on Managed Instances "
            "keeps up with",
            low="1",
            runtimes=SCALED,
        ),
    )
    utilization: Decimal = field(
        default=Decimal("0.65"),
        metadata=number_key(
            "",
            "share of the capacity that is used before a task, an instance or an environment is added",
            low="0.1",
            high="1",
            runtimes=SCALED,
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
    processes: Decimal = field(
        default=Decimal(4),
        metadata=whole_key(
            "processes",
            "processes of an execution environment on Managed Instances, each of which serves one request at a time",
            low="1",
            high="1600",
            runtimes=MANAGED,
        ),
    )
    gb_per_vcpu: str = field(
        default="4",
        metadata=choice_key(
            ("2", "4", "8"), "GB of memory for each vCPU of an execution environment", runtimes=MANAGED
        ),
    )
    instance_type: str = field(
        default=SMALLEST,
        metadata=choice_key(
            (SMALLEST, *(each.name for each in EC2_TYPES)),
            "type of the EC2 instances; smallest is the smallest type on x86 with this memory for each vCPU that holds "
            "an execution environment",
            runtimes=MANAGED,
        ),
    )
    min_environments: Decimal = field(
        default=Decimal(3),
        metadata=whole_key(
            "environments", "minimum number of execution environments", low="1", high="15000", runtimes=MANAGED
        ),
    )
    min_instances: Decimal = field(
        default=Decimal(3),
        metadata=whole_key(
            "instances", "minimum number of EC2 instances; Lambda starts three", low="1", high="1000", runtimes=MANAGED
        ),
    )
