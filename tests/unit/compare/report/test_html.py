import re
from dataclasses import replace

from django_runtimes.compare.record.results import Run
from tests.unit.compare.page_elements import PageElements
from tests.unit.compare.report.rendering import render_html, render_markdown


def test_the_page_is_well_formed_and_loads_nothing_else(run: Run):
    page = render_html(run)
    elements = PageElements(page)

    assert elements.open == []
    assert elements.names.count("svg") == 2 * 4
    assert "script" not in elements.names
    assert [address for address in elements.addresses if not address.startswith("#")] == [
        "data:,",
        "logs/aws_lambda-per_request-direct.log",
    ]
    assert "url(" not in page
    assert "@import" not in page
    # The names of XML's vocabularies are not addresses to load.
    assert set(re.findall(r"https?://[^\"<> ]+", page)) == {"http://www.w3.org/2000/svg"}


def test_the_page_shows_every_figure_of_the_markdown_report(run: Run):
    cells = set(re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", render_html(run).replace("<wbr>", "")))

    tables = render_markdown(run).partition("<details>")[2]
    rows = [line for line in tables.splitlines() if line.startswith("| aws_")]
    assert len(rows) > 20
    assert {cell.replace("\\*", "*") for row in rows for cell in row.strip("| ").split(" | ")} <= cells


def test_a_quick_run_with_few_samples_has_no_percentile_curves(run: Run):
    few = tuple(
        replace(target, scenarios=tuple(replace(each, blocks=each.blocks[:2]) for each in target.scenarios[1:2]))
        for target in run.targets
    )

    page = render_html(replace(run, targets=few))

    assert "Percentiles of reads" not in page
    assert "Percentiles of writes" not in page
    assert "aws_ecs/pool/direct" in page.replace("<wbr>", "")
