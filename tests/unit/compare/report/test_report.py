import re
from dataclasses import replace
from pathlib import Path

import pytest

from django_runtimes.compare.analysis.ratio import Ratio
from django_runtimes.compare.analysis.summary import Pair, Summary
from django_runtimes.compare.record.results import Run
from django_runtimes.compare.report.content import content_of
from django_runtimes.compare.report.decision_record import decision_record
from django_runtimes.compare.report.report_files import write_reports
from django_runtimes.compare.report.sentences import pair_sentences
from tests.unit.compare.report.printed_report import printed
from tests.unit.compare.report.rendering import render_html, render_markdown

HERE = Path(__file__).parent


def with_limits(run: Run, **limits: float) -> Run:
    return replace(run, environment={**run.environment, "limits": limits})


def test_the_markdown_report_matches_the_expected_file(run: Run):
    assert render_markdown(run) == (HERE / "report.md").read_text()


def test_the_decision_record_matches_the_expected_file(run: Run):
    decided = with_limits(run, max_usd_per_month=100.0, requests_per_month=5_000_000.0)
    decided.environment["finished_at"] = "2026-11-23T06:09:12+00:00"

    assert decision_record(decided, content_of(decided)) == (HERE / "decision.md").read_text()


def test_a_decision_record_without_the_end_of_the_run_has_its_start(run: Run):
    assert "- Date: 2026-11-23\n" in decision_record(run, content_of(run))


@pytest.mark.parametrize("render", [render_markdown, render_html])
def test_the_reports_have_the_bills_of_the_measured_targets(run: Run, render):
    text = render(run).replace("<wbr>", "").replace("\\*", "*")

    for expected in (
        "Cost on AWS",
        "USD per million requests",
        "aws_lambda+http_api/persistent/proxy",
        "Aurora at 0 ACU with the Data API*",
        "Measured, aws_ecs/pool/direct: duration_ms=4.",
        "Every crossing between targets, up to 1,000/s",
        "Not verified: function_url",
    ):
        assert expected in text
    assert "aws_lambda+url/per_request/direct" not in text


@pytest.mark.parametrize("render", [render_markdown, render_html])
def test_the_report_says_why_a_run_cannot_be_billed(run: Run, render):
    failures = tuple(target for target in run.targets if target.status == "failed")

    assert "There are no bills: no target of the run was measured" in render(Run(run.environment, failures))


def test_every_report_shows_a_run_in_which_all_targets_failed(run: Run):
    failures = tuple(target for target in run.targets if target.status == "failed")
    nothing = Run(run.environment, failures)

    for text in (printed(nothing), render_markdown(nothing), render_html(nothing)):
        assert "was not ready within 10 s" in text
    assert "Nothing was measured." in render_markdown(nothing)
    assert "Nothing was measured." in render_html(nothing)


@pytest.mark.parametrize("render", [printed, render_markdown, render_html])
def test_a_logs_last_lines_are_not_called_an_error(run: Run, render):
    failed = next(target for target in run.targets if target.status == "failed")
    excerpt = replace(failed.diagnosis, is_excerpt=True, log=("half past nine",))

    text = render(Run(run.environment, (replace(failed, diagnosis=excerpt),)))

    assert "No error was recognized in its log, which ends" in text
    assert "half past nine" in text
    assert "first error" not in text


@pytest.mark.parametrize("render", [printed, render_markdown, render_html])
def test_every_report_says_what_was_emulated_and_its_limits(run: Run, render):
    text = " ".join(render(run).replace("&#x27;", "'").split())

    assert "not about AWS's cold starts and tail latencies, Fargate's capacity or RDS Proxy's behaviour" in text
    assert "PgBouncer in transaction mode stands in for RDS Proxy" in text
    assert "emulated" in text


@pytest.mark.parametrize("render", [render_markdown, render_html])
def test_a_report_says_that_app_runner_is_closed(run: Run, render):
    assert "App Runner has been closed to new customers since 2026-04-30" in " ".join(render(run).split())


def test_caveats_stand_in_the_section_that_they_concern(run: Run):
    caveats = {section.key: " ".join(section.caveats) for section in content_of(run).sections}

    assert "The emulated Lambda function has a function URL" in caveats["latency"]
    assert "they are lower bounds" in caveats["connections"]
    assert "were not emulated" in caveats["cold-starts"]
    assert "AWS names ECS Express Mode as its successor" in caveats["cost"]


@pytest.mark.parametrize("render", [printed, render_markdown, render_html])
def test_a_report_omits_services_that_are_not_in_the_run(run: Run, render):
    ecs_only = replace(run, targets=tuple(target for target in run.targets if target.runtime == "aws_ecs"))

    text = render(ecs_only)

    assert "App Runner" not in text
    assert "Lambda" not in text
    assert "PgBouncer" not in text


def test_every_report_says_when_an_a_a_pair_differs(run: Run):
    slower = tuple(
        replace(
            target,
            scenarios=tuple(
                replace(scenario, blocks=tuple(replace(block, p50_ms=block.p50_ms * 2) for block in scenario.blocks))
                for scenario in target.scenarios
            ),
        )
        if target.name == "aws_ecs/pool/direct"
        else target
        for target in run.targets
    )
    differing = replace(run, targets=slower)

    for text in (printed(differing), render_markdown(differing), render_html(differing)):
        assert "An A/A pair differs, so this run names no winner." in " ".join(text.split())
        assert "faster" not in text.replace("1 is faster", "").replace("Lower is faster", "").replace('"faster"', "")


@pytest.mark.parametrize(
    ("low", "high", "finding"),
    [
        (0.92, 1.04, "shows no difference, as expected."),
        (1.02, 1.24, "shows a difference nevertheless."),
        (0.70, 1.24, "shows no difference, and cannot rule out one beyond 0.9 to 1.1."),
    ],
)
def test_an_a_a_pair_rules_a_difference_out_only_with_a_narrow_interval(low: float, high: float, finding: str):
    pair = Pair("aws_ecs/pool/direct", "aws_app_runner/pool/direct", Ratio(1.0, low, high, 30, 0.99))

    assert next(pair_sentences(Summary(None, (), (pair,)))) == (
        "aws_ecs/pool/direct and aws_app_runner/pool/direct start the same process (A/A), so neither can win: the "
        f"ratio 1.00 ({low:.2f} to {high:.2f}) {finding}"
    )


def test_a_scenario_of_void_blocks_is_marked_void(run: Run):
    target = next(target for target in run.targets if target.runtime != "aws_lambda")
    scenario = target.scenarios[0]
    blocks = tuple(replace(block, void="the load generator was busy") for block in scenario.blocks)
    void = replace(scenario, blocks=blocks, void_blocks=len(blocks))

    text = render_markdown(replace(run, targets=(replace(target, scenarios=(void,)),)))

    assert "| void |" in text
    assert (
        f"all {len(blocks)} blocks are void, so the figures prove nothing; first reason: the load generator was busy."
        in text
    )


def test_no_difference_is_a_tilde_in_tables(run: Run):
    first, second, *_ = run.targets
    same = replace(run, targets=(first, replace(first, name=second.name)))

    assert "| 1.00 | 1.00 to 1.00 | ~ |" in render_markdown(same)
    assert " 1.00 ~ " in printed(same)
    assert "| reference |" in render_markdown(same)


def test_a_long_run_has_the_ratio_of_each_p99(run: Run):
    first, second, *_ = run.targets
    doubled = replace(second, scenarios=first.scenarios)
    long = replace(run, environment={**run.environment, "plan": {"budget_s": 900.0}}, targets=(first, doubled))

    assert "| target | label | load | samples | p50 | p90 | p99 | p99 ratio | p99 interval | p99 verdict |" in (
        render_markdown(long)
    )
    row = next(
        line for line in render_markdown(long).splitlines() if line.startswith(f"| {second.name} | emulated | read")
    )
    assert re.search(r"\| 1\.00 \| 0\.\d\d to 1\.\d\d \| (~|undecided) \|$", row)
    assert "p99 ratio" not in render_markdown(run)


def test_the_report_says_that_a_run_was_interrupted(run: Run):
    interrupted = replace(run, environment={**run.environment, "interrupted": True})

    assert "This run was interrupted" in render_markdown(interrupted)
    assert "This run was interrupted" not in render_markdown(run)


@pytest.mark.parametrize("render", [printed, render_markdown, render_html])
def test_prices_that_rest_on_unverified_ones_are_marked_and_explained(run: Run, render):
    text = " ".join(render(run).replace("<wbr>", "").replace("\\*", "*").split())

    assert "115.01*" in text
    assert "125.01*" not in text
    assert "* Not verified: function_url 0 per million requests; apprunner_active_s 60 s" in text


@pytest.mark.parametrize("render", [printed, render_markdown, render_html])
def test_every_report_names_the_choices_in_a_price(run: Run, render):
    text = " ".join(render(run).split())

    assert "HTTP API, 1,769 MB on x86, RDS Proxy for db.t4g.small" in text
    assert "at least 2 tasks of 1 vCPU and 2 GB on x86 with public addresses, a load balancer in 2 zones" in text
    assert "125.01 USD per month behind an HTTP API" in text


@pytest.mark.parametrize("render", [printed, render_markdown, render_html])
def test_every_report_relates_ratios_to_medians(run: Run, render):
    assert "so it may differ from the quotient of two medians" in " ".join(render(run).split())


def test_the_answer_has_at_most_three_lines_before_everything_else(run: Run):
    lines = [line for line in render_markdown(run).splitlines() if line]

    # The line after the answer names the failures.
    assert [line.startswith("**") for line in lines[2:7]] == [True, True, True, True, False]
    assert lines[5].startswith("**Failed: aws_lambda/per_request/direct was not measured;")
    assert lines[2].startswith("**Fastest: aws_ecs/pool/direct, with")


def test_the_method_names_the_interval_that_replaces_a_bootstrap(run: Run):
    assert "exact signed-rank interval, in place of the more usual bootstrap interval" in render_markdown(run)


def test_every_report_file_is_complete(run: Run, tmp_path: Path):
    write_reports(run, tmp_path)

    assert (tmp_path / "report.md").read_text() == render_markdown(run)
    assert (tmp_path / "report.html").read_text() == render_html(run)
    assert (tmp_path / "decision.md").read_text() == decision_record(run, content_of(run))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["decision.md", "report.html", "report.md"]


@pytest.mark.parametrize("render", [printed, render_markdown, render_html])
def test_a_run_of_an_image_names_the_image_and_its_limits(run: Run, render):
    of_image = {
        "image": {"reference": "localhost/webapp:1", "engine": "podman 4.3.1", "container_start_ms": 131.4},
        "targets": {
            "aws_lambda/per_request/proxy": {"limits": "1 CPU and 1,769 MB"},
            "aws_lambda/persistent/proxy": {"limits": "1 CPU and 1,769 MB"},
            "aws_ecs/pool/direct": {"limits": "1 CPU and 2,048 MB"},
        },
    }

    text = " ".join(render(replace(run, environment={**run.environment, **of_image})).replace("&#x27;", "'").split())

    assert (
        "The image localhost/webapp:1 ran in containers of podman 4.3.1 with these limits: aws_lambda 1 CPU "
        "and 1,769 MB; aws_ecs 1 CPU and 2,048 MB. 1 CPU is the whole time of one CPU of this machine. "
        "Each start includes 131 ms to create the container." in text
    )


@pytest.mark.parametrize("render", [printed, render_markdown, render_html])
def test_a_workload_of_reads_has_no_table_of_writes(run: Run, render):
    text = " ".join(render(replace(run, environment={**run.environment, "writes": "none"})).split())

    assert "The workload only reads, so this report says nothing about writes." in text
    assert "acknowledged" not in text
    assert "rows found" not in text


@pytest.mark.parametrize("render", [printed, render_markdown, render_html])
def test_targets_whose_requests_reach_no_database_are_named(run: Run, render):
    first, second, *others = run.targets
    sent = sum(scenario.sent for scenario in first.scenarios)
    few, enough = replace(first, transactions=sent // 2 - 1), replace(second, transactions=sent)

    text = " ".join(render(replace(run, targets=(few, enough, *others))).split())

    assert f"Most requests of {first.name} did not use the database" in text
    assert "did not use the database" not in render(run)


@pytest.mark.parametrize("render", [printed, render_markdown, render_html])
def test_every_report_says_when_writes_were_not_checked(run: Run, render):
    text = " ".join(render(replace(run, environment={**run.environment, "writes": "not checked"})).split())

    assert "Writes were not checked, since the workload has no [rows]" in text.replace("\\", "")
    assert render is printed or "without the expected answer" in text
    assert "rows found" not in text


def test_the_method_names_the_number_of_virtual_users(run: Run):
    with_users = replace(run, environment={**run.environment, "virtual_users": 8})

    assert "Requests carry the cookies of 8 virtual users" in render_markdown(with_users)
    assert "virtual users" not in render_markdown(run)


def test_an_explicit_limit_is_judged_in_every_report(run: Run, tmp_path: Path):
    limited = with_limits(run, max_usd_per_month=130.0)
    write_reports(limited, tmp_path)

    answer = "Choose aws_lambda/per_request/proxy: reads in 14.0 ms"
    for text in (printed(limited), *(path.read_text() for path in tmp_path.iterdir())):
        assert answer in " ".join(text.split())
