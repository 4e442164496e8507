"""Saved claims and their reports."""

import json
import re

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.claims.claim_terminal import claim_lines
from django_runtimes.compare.record.results import Run
from django_runtimes.compare.record.run_file import read_run
from django_runtimes.compare.report.claims.claim_report import render_claims_html, render_claims_markdown
from django_runtimes.compare.report.report_files import write_reports
from tests.unit.compare.claims.tested_claims import ENVIRONMENT, LEAK, RUN
from tests.unit.compare.page_elements import PageElements


def test_saved_claims_are_read_unchanged():
    assert Run.from_json(RUN.to_json()) == RUN


def test_a_run_of_an_earlier_version_has_no_claims():
    values = json.loads(RUN.to_json())
    del values["claims"]

    assert Run.from_json(json.dumps(values)).claims == ()


def test_a_run_with_only_claims_is_no_run_to_price(tmp_path):
    RUN.save(tmp_path)

    with pytest.raises(UsageError, match="has the results of --claims and no targets"):
        read_run(tmp_path / "run.json")


def test_the_terminal_has_one_line_for_each_claim_and_the_totals():
    assert list(claim_lines(RUN)) == [
        "confirmed  conn-max-age-leaks: 63 connections stayed open",
        "not shown  burst-runs-out-of-slots: pgbouncer is not installed; install it",
        "1 confirmed, 1 not shown",
    ]


def test_the_markdown_report_has_the_verdict_the_rule_and_the_figures():
    report = render_claims_markdown(RUN)

    assert "| Connections &lt;leak&gt;. | confirmed | 63 connections stayed open |" in report
    assert "- Verdict: confirmed, as 63 connections stayed open\n- Measured: Requests. Application: a view.\n" in report
    assert "- Rule: Confirmed if more stay open.\n- Emulated: Nothing.\n" in report
    assert "| open | 63 | - |\n| latency | 6.60 | 4.00 to 13.0 (20 pairs) |\n| start | 450 ms | - |" in report
    assert "- Verdict: not shown\n- Failed: pgbouncer is not installed; install it\n" in report


def test_the_page_is_well_formed_and_has_all_texts_of_the_markdown_report():
    page = render_claims_html(RUN)
    elements = PageElements(page)

    assert elements.open == []
    assert elements.addresses == ["data:,"]
    assert 'aria-label="Figures: Connections &lt;leak&gt;."' in page
    assert "Connections &lt;leak&gt;." in page
    for text in ("63 connections stayed open", "Confirmed if more stay open.", "4.00 to 13.0 (20 pairs)", "450 ms"):
        assert text in page
    assert re.findall(r'<span data-verdict="([a-z ]+)"', page) == ["confirmed", "not shown"]


def test_the_reports_of_claims_replace_those_of_a_comparison(tmp_path):
    write_reports(RUN, tmp_path)

    assert (tmp_path / "report.md").read_text() == render_claims_markdown(RUN)
    assert (tmp_path / "report.html").read_text() == render_claims_html(RUN)


def test_an_interrupted_run_says_so():
    interrupted = Run({**ENVIRONMENT, "interrupted": True}, targets=(), claims=(LEAK,))

    assert "This run was interrupted" in render_claims_markdown(interrupted)
    assert "This run was interrupted" not in render_claims_markdown(RUN)
