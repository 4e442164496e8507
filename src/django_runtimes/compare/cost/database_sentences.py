"""The sentence on the database of targets that call the Data API, which is not the one of the other targets."""

from collections.abc import Iterator

from django_runtimes.compare.cost.analysis import CostAnalysis
from django_runtimes.compare.cost.shared_parts import DATA_API, PAUSED_DATABASE
from django_runtimes.compare.cost.usage.traffic import JUDGED_RATE_RPS, Traffic


def database_sentences(analysis: CostAnalysis) -> Iterator[str]:
    """Yield what Aurora costs at 0 ACU, and RDS beside it, if a target calls the Data API."""
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
