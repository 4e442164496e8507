from django_runtimes.compare.analysis.wait_counts import WaitCounts
from django_runtimes.compare.deployed.reported_waits import ReportedWaits


def facts(text: str) -> dict[str, str]:
    return {"pool_waits": text}


def test_waits_between_the_first_and_the_latest_report_count():
    waits = ReportedWaits()

    waits.add("a", facts("500;5:10"))
    waits.add("b", facts("0"))
    waits.add("a", facts("900;5:10;40:1"))
    waits.add("b", facts("60;5:2"))

    assert waits.waits == WaitCounts(3, 460, {5: 2, 40: 1})


def test_the_waits_before_the_steady_load_are_left_out():
    waits = ReportedWaits()
    waits.add("a", facts("500;5:10"))
    waits.add("a", facts("9000;5:10;40:20"))

    waits.begin_steady()
    waits.add("a", facts("9007;5:11;40:20"))

    assert waits.waits == WaitCounts(1, 7, {5: 1, 40: 0})


def test_responses_may_arrive_in_another_order():
    waits = ReportedWaits()

    for text in ("50;5:5", "90;5:9", "40;5:4", "60;5:6"):
        waits.add("a", facts(text))

    assert waits.waits == WaitCounts(5, 50, {5: 5})


def test_a_process_with_an_earlier_version_has_no_waits():
    waits = ReportedWaits()

    waits.add("a", {"served": "5"})

    assert waits.waits == WaitCounts()
