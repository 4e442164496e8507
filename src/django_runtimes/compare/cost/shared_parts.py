"""The bills of the database and the egress, which all targets share."""

from collections.abc import Sequence

from django_runtimes.compare.cost.bills.bill import Billed
from django_runtimes.compare.cost.bills.database_bill import AuroraBilling, EgressBilling, RdsBilling
from django_runtimes.compare.cost.prices.price import PriceList
from django_runtimes.compare.cost.usage.measured_usage import TargetUsage
from django_runtimes.compare.cost.usage.usage_key import PRICED_ENGINES

DATA_API = "data_api"
PAUSED_DATABASE = "Aurora at 0 ACU, without RDS Proxy"


def shared_databases(usages: Sequence[TargetUsage], prices: PriceList) -> tuple[Billed, ...]:
    """Return the databases with the usage of the first target on an engine whose databases are priced; else none.

    The calls of the Data API are those of the first target on it.
    """
    values = next((usage.usage for usage in usages if usage.engine in PRICED_ENGINES), None)
    if values is None:
        return ()
    asking = next((usage.usage for usage in usages if usage.route == DATA_API), values)
    return (
        RdsBilling(f"RDS {values.database_class}", values, prices),
        RdsBilling(f"RDS {values.database_class} with RDS Proxy", values, prices, has_proxy=True),
        AuroraBilling("Aurora Serverless v2", values, prices),
        AuroraBilling("Aurora Serverless v2 with RDS Proxy", values, prices, has_proxy=True),
        AuroraBilling(PAUSED_DATABASE, values, prices, pauses=True),
        AuroraBilling("Aurora at 0 ACU with the Data API", asking, prices, pauses=True, has_data_api=True),
    )


def shared_egress(usages: Sequence[TargetUsage], prices: PriceList) -> tuple[EgressBilling, ...]:
    """Return the ways out of private subnets, with the usage of the first target."""
    values = usages[0].usage
    return (
        EgressBilling("NAT gateway", values, prices, "nat"),
        EgressBilling("endpoints", values, prices, "endpoints"),
    )
