from dataclasses import replace
from pathlib import Path

import pytest

from django_runtimes.compare.record.results import Run
from django_runtimes.compare.saved_runs.run_comparison import NamedRun, compare_runs
from django_runtimes.compare.saved_runs.runs_content import runs_content
from django_runtimes.compare.saved_runs.runs_html import render_runs_html
from tests.browser.opened_page import Opened
from tests.unit.compare.saved_runs.earlier_and_later import earlier_run, later_run


def thorough(run: Run) -> Run:
    """Return the run as one with a long budget, which compares each p99."""
    return replace(run, environment={**run.environment, "plan": {"budget_s": 900.0}})


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of three runs, with the widest tables."""
    paths = [Path(f"reports/2026-11-2{day}-120000/run.json") for day in (7, 8, 9)]
    runs = [
        NamedRun(f"run {number}", path, thorough(run))
        for number, path, run in zip((1, 2, 3), paths, (earlier_run(), later_run(), earlier_run()), strict=True)
    ]
    content = runs_content(runs, [compare_runs(runs[0], each) for each in runs[1:]])
    page = tmp_path_factory.mktemp("runs") / "report.html"
    page.write_text(render_runs_html(content))
    return page


def test_the_page_of_several_runs_is_accessible_and_loads_nothing(opened: Opened):
    opened.require_access()
    opened.require_silence()
    assert opened.page.locator("td[data-verdict=slower]").count() == 3
