import time

from django_runtimes.compare.distributed.report_collector import ReportCollector
from django_runtimes.config.http.measurement_token import FACTS_HEADER, TOKEN_HEADER, signed_facts

KEY = "k" * 32


def answer(collector: ReportCollector, process: str, *, key: str = KEY, latency_ms: float = 40.0) -> None:
    sent = collector.sign()
    facts = signed_facts({"process": process}, key, token=sent[TOKEN_HEADER])
    collector.read(sent, {FACTS_HEADER: facts}, latency_ms)


def test_the_reports_of_a_block_have_moments_since_its_start():
    collector = ReportCollector(KEY)
    started = time.perf_counter() - 7.0
    collector.start(started)
    answer(collector, "a", latency_ms=12.5)

    (report,) = collector.reports
    assert (report.latency_ms, report.facts) == (12.5, {"process": "a"})
    assert 7.0 <= report.moment_s <= time.perf_counter() - started


def test_a_block_has_no_reports_of_an_earlier_one():
    collector = ReportCollector(KEY)
    answer(collector, "a")
    collector.start(time.perf_counter())
    answer(collector, "b")

    assert [report.facts["process"] for report in collector.reports] == ["b"]


def test_a_worker_sends_no_forged_report():
    collector = ReportCollector(KEY)
    answer(collector, "a", key="x" * 32)

    assert collector.reports == ()


def test_a_worker_without_a_key_asks_for_nothing():
    collector = ReportCollector(None)
    collector.read(collector.sign(), {FACTS_HEADER: "process=a"}, 1.0)

    assert (collector.sign(), collector.reports) == ({}, ())
