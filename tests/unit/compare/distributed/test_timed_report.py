from django_runtimes.compare.deployed.deployed_name import DeployedName
from django_runtimes.compare.deployed.process_reports import ProcessReports
from django_runtimes.compare.distributed.timed_report import TimedReport, in_time_order
from django_runtimes.compare.record.sampled_connections import SampledConnections


def report(moment_s: float, process: str, connections: int, *, served: int = 5, latency_ms: float = 40.0):
    facts = {
        "process": process, "served": str(served), "ready_ms": "300", "age_ms": "9000", "connections": str(connections),
        "opened": "7", "runtime": "aws_lambda", "strategy": "per_request", "route": "proxy",
        "initialization": "on-demand",
    }  # fmt: skip
    return TimedReport(moment_s, latency_ms, facts)


FIRST_WORKER = (report(0.1, "a", 1), report(0.3, "a", 2))
SECOND_WORKER = (report(0.2, "b", 3, served=0, latency_ms=350.0), report(0.4, "a", 0))


def test_the_reports_of_two_workers_are_ordered_by_time():
    merged = in_time_order([FIRST_WORKER, SECOND_WORKER])

    assert [each.moment_s for each in merged] == [0.1, 0.2, 0.3, 0.4]


def test_the_reports_of_two_workers_count_like_those_of_one():
    reports = ProcessReports(DeployedName.parse("aws_lambda"), "k" * 32)
    window = reports.window()
    for each in in_time_order([FIRST_WORKER, SECOND_WORKER]):
        reports.add(each.facts, each.latency_ms)

    # The sums of the latest numbers are 1, 4, 5 and 3.
    assert window.connections == SampledConnections(5, 3.25, 4)
    assert [(start.ready_ms, start.first_response_ms) for start in reports.cold_starts] == [(300.0, 50.0)]
    assert (reports.processes, reports.opened) == (2, 7)
