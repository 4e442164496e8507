import json

import pytest

from django_runtimes.compare.distributed.block_message import BlockCommand, BlockReport, merged_block
from django_runtimes.compare.distributed.timed_report import TimedReport
from django_runtimes.compare.load.block import Outcome, block_of
from django_runtimes.compare.workload.workload import Exchange, RequestTemplate, Session

READ = RequestTemplate(name="page", scenario="read", share=2.0, method="GET", path="/?a=1", headers={"A": "b"})


def test_a_command_survives_its_message():
    command = BlockCommand(
        number=7,
        worker=1,
        run_id="run",
        target="aws_ecs",
        target_index=0,
        url="https://a.example.org",
        headers=("Authorization: $TOKEN",),
        requests=(READ,),
        session=Session(("ada", None), (Exchange(method="POST", path="/login", headers={}, form={"user": "{user}"}),)),
        rate_rps=20.0,
        duration_s=0.5,
        seed=3,
    )

    assert BlockCommand.of_message(json.loads(json.dumps(command.message()))) == command


def test_a_report_keeps_every_count_of_its_histograms():
    block = block_of([Outcome("page", 1.234, 0.2, None), Outcome("page", 9.0, 0.1, "status_503")], duration_s=1.0)

    report = BlockReport.of_message(json.loads(json.dumps(BlockReport(7, 1, block, acknowledged=2).message())))

    assert (report.number, report.worker, report.acknowledged, report.error) == (7, 1, 2, None)
    assert (report.block.sent, report.block.ok, report.block.errors) == (2, 1, {"status_503": 1})
    assert (report.block.latency.count, report.block.latency.p50_ms) == (1, 1.234)
    assert report.block.latency_from_send.p50_ms == 1.034


def test_a_report_keeps_the_reports_of_processes():
    report = BlockReport(7, 1, reports=(TimedReport(0.25, 40.5, {"process": "a", "served": "0"}),))

    assert BlockReport.of_message(json.loads(json.dumps(report.message()))) == report


def test_a_report_may_have_an_error_instead_of_a_block():
    report = BlockReport.of_message(BlockReport(7, 1, error="$TOKEN is not set").message())

    assert (report.block, report.error) == (None, "$TOKEN is not set")


def test_merged_blocks_have_the_counts_of_all_workers():
    fast = block_of([Outcome("page", 1.0, 0.0, None)] * 3, duration_s=1.0)
    slow = block_of(
        [Outcome("page", 9.0, 8.0, None)] * 2 + [Outcome("page", 1.0, 0.0, "status_500", "500")], duration_s=1.0
    )

    merged = merged_block([fast, slow])

    assert (merged.sent, merged.ok, merged.late, dict(merged.errors)) == (6, 5, 2, {"status_500": 1})
    assert (merged.latency.count, merged.latency.p50_ms) == (5, 1.0)
    assert merged.latency.max_ms == pytest.approx(9.0, rel=0.001)
    assert merged.latency_from_send.max_ms == 1.0
    assert merged.void == slow.void
    assert merged.void.startswith("late sends raised the median")
    assert merged.first_wrong == "'page': 500"
    assert merged_block([fast, fast]).void is None
