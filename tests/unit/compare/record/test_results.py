import json
from dataclasses import replace
from pathlib import Path

import pytest

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.load.block import Block, Outcome, block_of
from django_runtimes.compare.load.histogram import LatencyHistogram
from django_runtimes.compare.record.results import (
    Ambiguous,
    ConnectionCounts,
    Run,
    ScenarioResult,
    TargetResult,
    write_whole,
)
from django_runtimes.compare.record.stream_result import StreamResult
from django_runtimes.compare.targets.cold_starts import ColdStarts

NO_WAITS = {"mean_wait_ms": None, "p99_wait_ms": None, "waits": None}
UNKNOWN = ConnectionCounts(peak=None, mean=None, opened=None)


def block(*latencies_ms: float, errors: tuple[str, ...] = (), void: str | None = None) -> Block:
    answered = [Outcome("read", latency_ms, 0.1, None) for latency_ms in latencies_ms]
    failed = [Outcome("read", 1.0, 0.1, error) for error in errors]
    return replace(block_of([*answered, *failed], duration_s=2.0), void=void)


def a_run() -> Run:
    scenario = ScenarioResult.of_blocks(
        "read", 25.0, {0: block(4.0, 5.0), 1: block(6.0, errors=("status_503",))}, ConnectionCounts(3, 1.5, None)
    )
    measured = TargetResult(
        name="aws_ecs/pool/direct",
        runtime="aws_ecs",
        strategy="pool",
        route="direct",
        label="emulated",
        status="measured",
        error=None,
        scenarios=(scenario,),
        cold_start_ms=ColdStarts.of_phases((400.0, 500.0), (30.0, 20.0)),
        connections=ConnectionCounts(peak=8, mean=6.25, opened=9),
        acknowledged_writes=3,
        ambiguous=Ambiguous(sent=2, committed=1),
        rows_found=4,
        notes=("a note",),
        streams=(StreamResult("export", 2, {"timeout": 1}, (3.5,), (9.25,), size_kb=26.0, billed_ms=8.0),),
    )
    failed = TargetResult.failed(
        name="aws_lambda/per_request/proxy",
        runtime="aws_lambda",
        strategy="per_request",
        route="proxy",
        label="emulated",
        error="pgbouncer is not installed; install it",
    )
    return Run({"workload": "guestbook", "aa_pairs": []}, (measured, failed))


def test_run_json_has_the_keys_of_schema_2():
    saved = json.loads(a_run().to_json())
    measured = saved["targets"][0]

    assert saved["schema"] == 2
    assert list(saved) == ["schema", "environment", "targets", "claims"]
    assert {name: measured[name] for name in ("name", "runtime", "strategy", "route", "label")} == {
        "name": "aws_ecs/pool/direct",
        "runtime": "aws_ecs",
        "strategy": "pool",
        "route": "direct",
        "label": "emulated",
    }
    assert (measured["cold_start_ms"]["n"], measured["cold_start_ms"]["p50"], measured["cold_start_ms"]["max"]) == (
        2,
        475.0,
        520.0,
    )
    assert measured["connections"] == {"peak": 8, "mean": 6.25, "opened": 9, **NO_WAITS}
    assert measured["resources"] == {"cpu_ms_per_request": None, "peak_rss_mb": None}
    assert measured["acknowledged_writes"] == 3
    assert measured["ambiguous"] == {"sent": 2, "committed": 1}
    assert measured["rows_found"] == 4


def test_a_scenario_of_run_json_has_the_keys_of_schema_2():
    (scenario,) = json.loads(a_run().to_json())["targets"][0]["scenarios"]

    assert (scenario["name"], scenario["rate_rps"]) == ("read", 25.0)
    assert (scenario["sent"], scenario["late"], scenario["ok"]) == (4, 0, 3)
    assert scenario["errors"] == {"status_503": 1}
    assert scenario["latency_ms"] == {
        "n": 3,
        "p50": pytest.approx(5.0, rel=0.001),
        "p90": pytest.approx(6.0, rel=0.001),
        "p99": None,
        "max": pytest.approx(6.0, rel=0.001),
    }


def test_a_failed_target_has_every_key_of_a_measured_target():
    measured, failed = json.loads(a_run().to_json())["targets"]

    assert failed.keys() == measured.keys()
    assert (failed["status"], failed["error"]) == ("failed", "pgbouncer is not installed; install it")
    assert failed["scenarios"] == []
    assert failed["cold_start_ms"] == {
        "n": 0,
        "p50": None,
        "max": None,
        "phases": {"ready_ms": [], "first_response_ms": [], "split": []},
    }
    assert failed["connections"] == {"peak": None, "mean": None, "opened": None, **NO_WAITS}
    assert (failed["acknowledged_writes"], failed["rows_found"]) == (0, 0)


def test_a_saved_run_loads_as_the_same_run(tmp_path: Path):
    path = a_run().save(tmp_path)

    assert path == tmp_path / "run.json"
    assert Run.from_json(path.read_text()) == a_run()


def test_a_saved_block_holds_its_samples():
    (scenario,) = a_run().targets[0].scenarios

    histogram = LatencyHistogram.decoded(scenario.blocks[0].histogram)

    assert histogram.count == 2
    assert histogram.p50_ms == scenario.blocks[0].p50_ms


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"schema": 1}', "run.json has schema 1; this version reads only schema 2"),
        ("{", "run.json is not a file of `webapp compare` (JSONDecodeError"),
        ("[]", "run.json is not a file of `webapp compare` (TypeError"),
        ('{"schema": 2, "environment": {}}', "run.json is not a file of `webapp compare` (KeyError: 'targets')"),
        ('{"schema": 2, "environment": {}, "targets": [{}]}', "run.json is not a file of `webapp compare` (KeyError"),
    ],
)
def test_a_file_that_is_not_a_run_is_refused_in_one_line(text: str, complaint: str):
    with pytest.raises(CompareError) as caught:
        Run.from_json(text)

    assert str(caught.value).startswith(complaint)
    assert "\n" not in str(caught.value)


def test_percentiles_come_from_all_samples_and_not_from_blocks():
    # The blocks' medians are 1 and 100; of all ten samples, nine are 1.
    scenario = ScenarioResult.of_blocks("read", 25.0, {0: block(*[1.0] * 9), 1: block(100.0)}, UNKNOWN)

    assert scenario.latency_ms.n == 10
    assert scenario.latency_ms.p50 == pytest.approx(1.0, rel=0.001)


def test_a_void_block_counts_but_its_latencies_do_not():
    blocks = {0: block(5.0, errors=("timeout",)), 1: block(900.0, void="2 of 3 sends were late")}

    scenario = ScenarioResult.of_blocks("read", 25.0, blocks, UNKNOWN)

    assert (scenario.sent, scenario.ok, scenario.errors, scenario.void_blocks) == (3, 2, {"timeout": 1}, 1)
    assert scenario.latency_ms.n == 2
    assert scenario.latency_ms.max == pytest.approx(5.0, rel=0.001)
    assert [(each.index, each.void) for each in scenario.blocks] == [(0, None), (1, "2 of 3 sends were late")]


def test_latencies_are_kept_if_all_blocks_are_void():
    scenario = ScenarioResult.of_blocks("read", 25.0, {0: block(5.0, void="late"), 1: block(7.0, void="late")}, UNKNOWN)

    assert scenario.void_blocks == 2
    assert scenario.latency_ms.n == 2


def test_a_scenario_without_responses_has_no_percentiles():
    scenario = ScenarioResult.of_blocks("burst", None, {0: block(errors=("connection_refused",) * 3)}, UNKNOWN)

    assert (scenario.sent, scenario.ok, scenario.latency_ms.n) == (3, 0, 0)
    assert scenario.latency_ms.p50 is None
    assert scenario.latency_ms.max is None


def test_a_file_is_replaced_atomically(tmp_path: Path):
    path = tmp_path / "report.md"
    write_whole(path, "first")

    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "second, which cannot be encoded: \udc80")

    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_other_users_can_read_a_report(tmp_path: Path):
    assert write_whole(tmp_path / "report.md", "text").stat().st_mode & 0o777 == 0o644


def test_goodput_is_the_share_of_the_rate_with_expected_answers():
    scenario = ScenarioResult.of_blocks("read", 40.0, {0: block(5.0, 5.0, 5.0, errors=("timeout",))}, UNKNOWN)

    assert scenario.goodput_rps == 30.0


def test_goodput_of_a_burst_includes_the_wait_for_its_last_answer():
    scenario = ScenarioResult.of_blocks("burst", None, {0: block(5.0, 5.0, 5.0)}, UNKNOWN)

    assert scenario.goodput_rps == 1.5
