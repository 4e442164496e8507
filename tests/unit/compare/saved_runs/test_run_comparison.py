import re
from dataclasses import replace
from pathlib import Path

from django_runtimes.compare.analysis.summary import RatioVerdict
from django_runtimes.compare.record.results import Run
from django_runtimes.compare.saved_runs.run_comparison import NamedRun, RunComparison, compare_runs
from django_runtimes.compare.saved_runs.runs_content import runs_content
from tests.unit.compare.saved_runs.earlier_and_later import SLOWER, earlier_run, later_run


def compared(first: Run, second: Run) -> RunComparison:
    return compare_runs(NamedRun("run 1", Path("a.json"), first), NamedRun("run 2", Path("b.json"), second))


def without(run: Run, *names: str) -> Run:
    return replace(run, targets=tuple(target for target in run.targets if target.name not in names))


def with_differing_pair(run: Run) -> Run:
    last = run.targets[-1]
    scenarios = tuple(
        replace(each, blocks=tuple(replace(block, p50_ms=(block.p50_ms or 0) * 2) for block in each.blocks))
        for each in last.scenarios
    )
    return replace(run, targets=(*run.targets[:-1], replace(last, scenarios=scenarios)))


def test_a_slower_target_is_slower_and_the_others_are_not():
    rows = compared(earlier_run(), later_run()).rows

    assert {row.target for row in rows if row.verdict is RatioVerdict.SLOWER} == {SLOWER}
    assert {row.verdict for row in rows if row.target != SLOWER} == {RatioVerdict.NO_DIFFERENCE}
    assert all(1.2 < row.ratio.low < 1.3 < row.ratio.high < 1.4 for row in rows if row.target == SLOWER)


def test_the_other_way_round_it_is_faster():
    rows = compared(later_run(), earlier_run()).rows

    assert {row.target for row in rows if row.verdict is RatioVerdict.FASTER} == {SLOWER}


def test_the_intervals_are_widened_for_their_number():
    assert {row.ratio.confidence for row in compared(earlier_run(), earlier_run()).rows} == {1 - 0.05 / 8}


def test_long_runs_compare_each_p99():
    long = {"plan": {"budget_s": 900.0}}
    first, second = (replace(run, environment={**run.environment, **long}) for run in (earlier_run(), later_run()))

    rows = compared(first, second).rows

    with_p99 = [row for row in rows if row.p99_verdict is not None]
    assert {row.scenario.name for row in with_p99} == {"read"}
    assert all(row.p99_ratio.confidence == 1 - 0.05 / (len(rows) + len(with_p99)) for row in with_p99)
    assert [row.p99_verdict for row in with_p99 if row.target == SLOWER] == [RatioVerdict.SLOWER]
    assert not any(row.p99_verdict for row in compared(earlier_run(), second).rows)


def test_the_a_a_pair_of_either_run_withholds_every_verdict():
    good, bad = earlier_run(), with_differing_pair(earlier_run())

    for comparison, names in ((compared(good, bad), ["run 2"]), (compared(bad, good), ["run 1"])):
        assert {row.verdict for row in comparison.rows} == {RatioVerdict.WITHHELD}
        assert [named.name for named, _ in comparison.pair_problems] == names
    assert compared(good, good).pair_problems == ()


def test_a_run_does_not_differ_from_itself_even_if_it_is_noisy():
    run = earlier_run()
    noisy = replace(
        run,
        targets=tuple(
            replace(
                target,
                scenarios=tuple(
                    replace(
                        each,
                        blocks=tuple(
                            replace(block, p50_ms=(block.p50_ms or 0) * (1 + block.index % 3)) for block in each.blocks
                        ),
                    )
                    for each in target.scenarios
                ),
            )
            for target in run.targets
        ),
    )

    comparison = compared(noisy, noisy)

    assert comparison.is_same
    assert {row.verdict for row in comparison.rows} == {RatioVerdict.NO_DIFFERENCE}


def test_everything_that_only_one_run_measured_is_named():
    comparison = compared(without(earlier_run(), "aws_app_runner/pool/direct"), without(later_run(), SLOWER))

    assert comparison.missing == (
        "aws_lambda/persistent/proxy was not compared: run 2 did not measure it.",
        "aws_ecs/pool/direct was not compared under read at 25/s: only run 1 has this load.",
        "aws_app_runner/pool/direct was not compared: run 1 did not measure it.",
        "aws_ecs/pool/direct was not compared under read at 50/s: only run 2 has this load.",
    )
    assert {row.target for row in comparison.rows} == {"aws_lambda/per_request/proxy", "aws_ecs/pool/direct"}


def test_a_target_that_failed_in_one_run_is_named_with_its_error():
    first, *others = earlier_run().targets
    failed = replace(earlier_run(), targets=(replace(first, status="failed", error="it broke"), *others))

    assert compared(earlier_run(), failed).missing == (
        "aws_lambda/per_request/proxy was not compared: in run 2 it failed (it broke).",
    )


def test_runs_without_a_common_load_have_no_rows():
    comparison = compared(earlier_run(), replace(earlier_run(), targets=earlier_run().targets[2:3]))

    assert comparison.rows == ()
    assert len(comparison.missing) == 4
    assert comparison.mismatch == ("run 2 has no measured target in common with run 1; measure the same targets")


def test_runs_at_other_rates_have_no_load_in_common():
    faster = tuple(
        replace(
            target,
            scenarios=tuple(replace(each, rate_rps=each.rate_rps and 40.0) for each in target.scenarios),
        )
        for target in earlier_run().targets
    )
    comparison = compared(earlier_run(), replace(earlier_run(), targets=faster))

    assert comparison.mismatch == (
        "run 2 has no load in common with run 1 (read at 40/s, write at 40/s against read at 25/s, write at 25/s); "
        f"measure it again with --rates-from {comparison.first.path}"
    )
    assert compared(earlier_run(), later_run()).mismatch is None


def drifting(run: Run, speeds: list[float]) -> Run:
    """Return the run with every target's blocks slowed down by these factors, one for each round."""
    targets = tuple(
        replace(
            target,
            scenarios=tuple(
                replace(
                    each,
                    blocks=tuple(replace(block, p50_ms=10 * speeds[block.index % 16]) for block in each.blocks),
                )
                for each in target.scenarios
            ),
        )
        for target in run.targets
    )
    return replace(run, targets=targets)


def test_a_drift_of_the_machine_is_no_difference_of_its_targets():
    # The first run gets faster, and the second one begins at that speed.
    falling = [2.0 - index / 16 for index in range(16)]
    low = [1.0 - index / 64 for index in range(16)]

    comparison = compared(drifting(earlier_run(), falling), drifting(later_run(), low))

    assert comparison.independent < 0.2
    assert {row.verdict for row in comparison.rows} == {RatioVerdict.TOO_FEW_BLOCKS}
    (sentence,) = (
        each
        for each in runs_content([comparison.first, comparison.second], [comparison]).sections[0].verdicts
        if each.startswith("Successive blocks resemble each other")
    )
    assert re.search(r"for the intervals, \d+% of the blocks count as independent\.", sentence)


def on_mariadb(run: Run) -> Run:
    """Return the run as it were on MariaDB."""
    environment = {**run.environment, "mariadb": {"version": "10.11.14-MariaDB"}}
    del environment["postgresql"]
    return replace(
        run,
        environment=environment,
        targets=tuple(replace(target, name=f"{target.name}@mysql") for target in run.targets),
    )


def test_runs_on_different_engines_are_not_compared():
    run = earlier_run()

    assert compared(run, on_mariadb(run)).mismatch == (
        "run 2 ran on MariaDB and run 1 on PostgreSQL, and a target is compared only with itself on the same engine; "
        "measure both runs on one engine"
    )
    assert compared(on_mariadb(run), on_mariadb(run)).mismatch is None


def test_a_run_without_emulated_targets_has_no_engine():
    run = earlier_run()
    deployed = on_mariadb(run)
    deployed = replace(deployed, environment={**deployed.environment, "mariadb": None})

    assert compared(run, deployed).mismatch == (
        "run 2 has no measured target in common with run 1; measure the same targets"
    )
