"""The sentences on databases that are not the ordinary one: of the Data API, and without a price."""

from collections.abc import Iterator

from django_runtimes.compare.cost.analysis import CostAnalysis
from django_runtimes.compare.cost.shared_parts import DATA_API, PAUSED_DATABASE
from django_runtimes.compare.cost.usage.traffic import JUDGED_RATE_RPS, Traffic
from django_runtimes.compare.cost.usage.usage_key import PRICED_ENGINES


def database_sentences(analysis: CostAnalysis) -> Iterator[str]:
    """Yield which databases have no price, and what Aurora costs at 0 ACU if a target calls the Data API."""
    unpriced = [usage.name for usage in analysis.usages if usage.engine not in PRICED_ENGINES]
    if unpriced:
        whose = "" if len(unpriced) == len(analysis.usages) else f" of {', '.join(unpriced)}"
        yield (
            f"The database{whose} is not priced, and neither is RDS Proxy in front of it: the prices "
            "here are PostgreSQL's, and those of RDS for MariaDB and MySQL were not read."
        )
    names = [usage.name for usage in analysis.usages if usage.route == DATA_API]
    if not names:
        return
    instance, paused = (
        analysis.databases[0],
        next(billed for billed in analysis.databases if billed.name == PAUSED_DATABASE),
    )
    idle, traffic = analysis.traffics[0], analysis.own_traffic or Traffic.constant(JUDGED_RATE_RPS)
    yield (
        f"The database of {', '.join(names)} must be Aurora: at 0 ACU it costs {paused.bill(idle).text} USD per month "
        f"while idle and {paused.bill(traffic).text} at {traffic.label}, against "
        f"{instance.bill(traffic).text} for {instance.name}."
    )
