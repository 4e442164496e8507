"""The table of the resources that a target's bill is based on."""

from decimal import Decimal

from django_runtimes.compare.cost.analysis import CostAnalysis
from django_runtimes.compare.cost.bills.bill import ASSUMED_MARK, Bill
from django_runtimes.compare.cost.usage.measured_usage import TargetUsage
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.cost.usage.usage_key import FUNCTIONS, MANAGED
from django_runtimes.compare.layout.report_table import ReportTable

_MB_PER_GB = Decimal(1_024)
_MILLION = Traffic.monthly(Decimal(1_000_000))
# The terms of all runtimes whose quantities are vCPU-hours and GB-hours.
_VCPU_TERMS, _GB_TERMS = ("Fargate vCPU", "App Runner vCPU"), ("Fargate memory", "App Runner memory")
_GB_S_TERM, _INSTANCE_TERM = "Lambda duration", "EC2 instances"


def resource_table(analysis: CostAnalysis, judged: Traffic) -> ReportTable:
    """Return the table, with a row for each target that has a bill; only Managed Instances need the last column."""
    billed = [usage for usage in analysis.usages if analysis.bills_of(usage.name)]
    has_instances = any(usage.runtime in MANAGED for usage in billed)
    return ReportTable(
        title="Resources that AWS bills",
        columns=(
            "target",
            "label",
            "ms per request",
            "memory in MB",
            "GB-s per million",
            "vCPU-h per month",
            "GB-h per month",
            *(("EC2 instance-h per month",) if has_instances else ()),
        ),
        rows=tuple(_row(usage, analysis, judged, has_instances=has_instances) for usage in billed),
        notes=(
            f"GB-s of functions include initialization, and hours of tasks and instances are at {judged.name}. A "
            f"{ASSUMED_MARK} marks an assumed value, on which the figures to its right depend, and hours of an assumed "
            "number of tasks or instances.",
        ),
    )


def _row(usage: TargetUsage, analysis: CostAnalysis, judged: Traffic, *, has_instances: bool) -> tuple[str, ...]:
    billed = analysis.bills_of(usage.name)[0]
    is_function = usage.runtime in FUNCTIONS
    memory_key = "memory_mb" if is_function else "task_memory_gb"
    memory_mb = usage.usage.memory_mb if is_function else usage.usage.task_memory_gb * _MB_PER_GB
    month = billed.bill(judged)
    return (
        usage.name,
        usage.label,
        f"{usage.usage.duration_ms:,.2f}{_mark(usage, 'duration_ms')}",
        f"{memory_mb:,.0f}{_mark(usage, memory_key)}",
        _quantity(billed.bill(_MILLION), (_GB_S_TERM,)),
        _quantity(month, _VCPU_TERMS),
        _quantity(month, _GB_TERMS),
        *((_quantity(month, (_INSTANCE_TERM,)),) if has_instances else ()),
    )


def _mark(usage: TargetUsage, key: str) -> str:
    return ASSUMED_MARK if usage.assumes(key) else ""


def _quantity(bill: Bill, names: tuple[str, ...]) -> str:
    quantities = [term.quantity for term in bill.terms if term.name in names]
    return f"{sum(quantities, Decimal(0)):,.0f}{ASSUMED_MARK if bill.assumed else ''}" if quantities else "-"
