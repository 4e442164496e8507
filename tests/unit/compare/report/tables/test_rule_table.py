from dataclasses import replace

import pytest

from django_runtimes.compare.analysis.summary import summarize
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.record.results import Run
from django_runtimes.compare.report.content import content_of
from django_runtimes.compare.report.tables.rule_table import rule_table
from tests.unit.compare.report.printed_report import printed
from tests.unit.compare.report.rendering import render_html, render_markdown


def judged(run: Run, **environment: object) -> dict[int, tuple[str, str]]:
    """Return whether each rule is met, and the reason, by the number of the rule."""
    changed = replace(run, environment={**run.environment, **environment})
    rows = rule_table(changed, summarize(changed)).rows
    return {int(rule.partition(".")[0]): (met, reason) for rule, met, reason in rows}


def test_every_numbered_rule_is_judged(run: Run):
    assert list(judged(run)) == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("render", [render_markdown, render_html])
def test_the_report_files_have_the_table_of_the_rules(run: Run, render):
    text = render(run)

    assert "Rules for a believable measurement" in text
    assert "if late sends raised its median by more than 10%" in text


def test_a_long_reason_wraps_in_the_page(run: Run):
    text = render_html(run)

    assert '<td class="text" data-long>Requests of the steady load and of bursts are sent when due' in text
    assert "td[data-long] { white-space: normal;" in text


def test_the_terminal_does_not_have_the_table_of_the_rules(run: Run):
    assert "Rules for a believable measurement" not in printed(run)


def test_given_rates_do_not_meet_the_rule_of_the_loads(run: Run):
    met, reason = judged(run, plan={"load_shares": []})[2]

    assert met == "no"
    assert reason.startswith("The rates were given, not derived from capacities: 25/s.")


def test_one_load_meets_the_rule_of_the_loads_in_part(run: Run):
    met, reason = judged(run, plan={"load_shares": [0.5]})[2]

    assert met == "in part"
    assert reason.startswith("Only 50% of the weakest capacity was measured;")
    assert "a p90 of at most 1.5 times the p90 of the always busy target" in reason


def test_three_loads_leave_only_the_definition_of_the_capacity(run: Run):
    met, reason = judged(run, plan={"load_shares": [0.1, 0.5, 0.8]})[2]

    assert met == "in part"
    assert reason.startswith("The capacity is the highest tried rate with a p90")


def test_a_checkout_has_no_limits(run: Run):
    met, reason = judged(run, tls="none in front")[3]

    assert met == "in part"
    assert reason == (
        "Emulated targets share this machine without limits of CPU or memory, except for targets with a memory size "
        "(@MB). TLS: none in front. The run has an A/A pair, and names no winner if it differs."
    )


def test_a_run_without_an_aa_pair_does_not_meet_the_rule_of_the_resources(run: Run):
    met, reason = judged(run, aa_pairs=[])[3]

    assert met == "no"
    assert "No two targets form an A/A pair" in reason


def test_an_aa_pair_with_too_few_blocks_is_not_said_to_differ(run: Run):
    first, second = run.environment["aa_pairs"][0]
    few = replace(
        run,
        targets=tuple(
            replace(target, scenarios=tuple(replace(each, blocks=each.blocks[:1]) for each in target.scenarios))
            if target.name in (first, second)
            else target
            for target in run.targets
        ),
    )

    assert judged(few)[3][1].endswith(
        "An A/A pair could not be judged, since too few of its blocks are valid, so the run names no winner."
    )


def test_a_locust_run_has_no_warm_up(run: Run):
    assert "There is no warm-up." in judged(run, generator={"workers": 2})[4][1]
    assert "There is no warm-up." not in judged(run)[4][1]


def test_cold_starts_without_phases_are_named(run: Run):
    met, reason = judged(run)[6]

    assert met == "in part"
    assert reason.startswith("The processes of aws_lambda/per_request/proxy, aws_lambda/persistent/proxy, ")


def test_the_missing_parts_of_the_record_are_named(run: Run):
    met, reason = judged(run, lock_file_sha256="11e8", machine={"kernel": "Linux 6.1", "cpu": "EPYC"})[8]

    assert met == "in part"
    assert (
        "lacks: limits, date of the prices, numbers of workers of aws_app_runner/pool/direct and aws_ecs/pool/direct."
    ) in reason


def test_a_complete_record_meets_its_rule(run: Run):
    met, reason = judged(
        run,
        lock_file_sha256="11e8",
        machine={"kernel": "Linux 6.1", "cpu": "EPYC", "limits": "none"},
        prices={"region": "us-east-1", "oldest": "2026-11-23", "newest": "2026-11-28"},
        targets={"aws_app_runner/pool/direct": {"workers": "2"}, "aws_ecs/pool/direct": {"workers": "2"}},
    )[8]

    assert (met, reason.partition(",")[0]) == ("yes", "run.json has all of them")


def test_the_latency_of_the_data_api_is_part_of_the_record(run: Run):
    asked = replace(run, targets=tuple(replace(target, route="data_api") for target in run.targets))

    assert (
        "lacks: limits, date of the prices, latency of the Data API, numbers"
        in judged(asked, lock_file_sha256="11e8", machine={"kernel": "Linux 6.1", "cpu": "EPYC"})[8][1]
    )


def test_the_workers_of_a_deployed_function_are_unknown(run: Run):
    deployed = replace(run, targets=(replace(run.targets[0], label="deployed"),))

    assert "numbers of workers of aws_lambda/per_request/proxy" in judged(deployed)[8][1]


def tables_of(run: Run) -> list[ReportTable]:
    content = content_of(run)
    sections = [table for section in content.sections for table in (*section.tables, *section.more)]
    plots = [plot for section in content.sections for plot in section.plots]
    summary = [] if content.summary.plot is None else [content.summary.plot]
    return [content.overview, *sections, *(plot.table for plot in (*plots, *summary))]


@pytest.mark.parametrize("deployed", [None, "aws_ecs/pool/direct"])
def test_each_table_with_a_target_gives_its_label(run: Run, deployed: str | None):
    targets = tuple(replace(each, label="deployed") if each.name == deployed else each for each in run.targets)
    mixed = replace(run, targets=targets)
    names = ("aws_lambda", "aws_ecs", "aws_app_runner")

    found = [
        table
        for table in tables_of(mixed)
        if table.title != "Recorded with the run" and any(cell.startswith(names) for row in table.rows for cell in row)
    ]

    assert len(found) > 15
    for table in found:
        has_column = "label" in table.columns or "target, label" in table.columns
        beside = deployed is not None and all("(emulated)" in row[0] or "(deployed)" in row[0] for row in table.rows)
        # Latencies of emulated and of deployed targets have separate tables.
        in_title = "(emulated)" in table.title or table.title.endswith((", emulated", ", deployed"))
        in_title |= deployed is None and ", emulated" in table.title
        assert has_column or beside or in_title, table.title
    assert judged(mixed)[7][0] == "yes"
