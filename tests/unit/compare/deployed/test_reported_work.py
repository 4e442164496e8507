from django_runtimes.compare.deployed.reported_work import ReportedWork
from django_runtimes.compare.record.resource_use import ResourceUse


def facts(served: int, cpu_ms: float, *, peak_rss_mb: float = 80) -> dict[str, str]:
    return {"served": str(served), "cpu_ms": str(cpu_ms), "peak_rss_mb": str(peak_rss_mb)}


def test_the_work_of_all_processes_is_divided_by_their_requests():
    work = ReportedWork()

    work.add("a", facts(100, 1_000))
    work.add("b", facts(0, 400, peak_rss_mb=91.5))
    work.add("a", facts(110, 1_050))
    work.add("b", facts(10, 480, peak_rss_mb=92.5))

    assert work.resources == ResourceUse(cpu_ms_per_request=6.5, peak_rss_mb=92.5)


def test_responses_may_arrive_in_another_order():
    work = ReportedWork()

    for served, cpu_ms in [(5, 150), (9, 190), (4, 140), (6, 160)]:
        work.add("a", facts(served, cpu_ms))

    assert work.resources.cpu_ms_per_request == 10.0


def test_one_report_shows_only_the_memory():
    work = ReportedWork()

    work.add("a", facts(5, 150))

    assert work.resources == ResourceUse(None, 80)


def test_a_service_with_an_earlier_version_reports_no_work():
    work = ReportedWork()

    work.add("a", {"served": "5"})

    assert work.resources == ResourceUse(None, None)
