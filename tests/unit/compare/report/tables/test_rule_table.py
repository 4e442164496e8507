from dataclasses import replace

import pytest

from django_runtimes.compare.analysis.summary import summarize
from django_runtimes.compare.record.results import Run
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
    assert "lacks: limits, numbers of workers, date of the prices." in reason
