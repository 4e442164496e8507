from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from django_runtimes.compare.record.results import Run, ScenarioResult
from django_runtimes.compare.record.stream_result import StreamResult
from django_runtimes.compare.record.timeline import BackendTimeline
from django_runtimes.compare.report.report_files import write_reports
from tests.browser.opened_page import Opened

SAVED = Path(__file__).parents[1] / "unit/compare/report/run.json"
DESKTOP = (1280, 900)
PLOTS = ("cost-speed", "percentiles-read", "percentiles-write", "rates-read", "backends", "cost-rate")


def with_other_work(scenario: ScenarioResult) -> ScenarioResult:
    """Return the scenario with the column of the CPUs that other processes kept busy."""
    return replace(scenario, blocks=tuple(replace(block, other_cpus=1.4) for block in scenario.blocks))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of a run with every plot, a failed target and stated limits."""
    folder = tmp_path_factory.mktemp("report")
    run = Run.from_json(SAVED.read_text())
    timeline = BackendTimeline(0.5, (0, 2, 5, 20, 20, 8, 3))
    targets = tuple(
        replace(
            target,
            backends=timeline,
            streams=(StreamResult("export", 8, {}, (3.0,) * 8, (9.0,) * 8, size_kb=26.2, billed_ms=12.2),),
            # The same figures at twice the rate stand for a second load.
            scenarios=(
                *(with_other_work(each) for each in target.scenarios),
                *(replace(each, rate_rps=50.0) for each in target.scenarios[:1]),
            ),
        )
        if target.status == "measured"
        else target
        for target in run.targets
    )
    environment = {
        **run.environment,
        "limits": {"max_p99_ms": 35.0, "max_usd_per_month": 100.0},
        "phases": {"first requests": 0.0, "bursts of 40": 1.2, "steady load": 2.4},
    }
    write_reports(Run(environment, targets), folder)
    return folder / "report.html"


def test_the_page_prints_and_requests_nothing(opened: Opened):
    opened.open_details()
    opened.page.mouse.wheel(0, 20_000)
    opened.page.wait_for_timeout(100)

    opened.require_silence()


def test_the_page_is_accessible_with_and_without_its_tables(opened: Opened):
    for _ in range(2):
        opened.require_access()
        opened.open_details()


def test_every_plot_fits_the_screen_and_has_its_table(opened: Opened):
    figures = opened.page.locator("figure")
    shown = opened.page.locator("figure svg:visible")

    assert figures.count() == shown.count() == len(PLOTS)
    width = opened.page.viewport_size["width"] if opened.page.viewport_size else 0
    for index in range(len(PLOTS)):
        box = shown.nth(index).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert figures.nth(index).locator("details table tbody tr").count() > 0


def test_no_table_beside_the_plots_is_cut_off_on_a_desktop(browser: Browser, report: Path):
    opened = Opened(browser, report, DESKTOP, "light")
    shown = "[...document.querySelectorAll('.scroll')].filter(each => each.checkVisibility())"
    cut = opened.page.evaluate(
        f"{shown}.filter(each => each.scrollWidth > each.clientWidth).map(each => each.ariaLabel)"
    )
    count = opened.page.evaluate(f"{shown}.length")
    opened.page.context.close()

    assert cut == []
    assert count > 10


def test_no_text_of_a_plot_is_smaller_than_ten_pixels(opened: Opened):
    heights = opened.page.evaluate(
        """[...document.querySelectorAll('figure svg')].filter(svg => svg.checkVisibility()).flatMap(svg => {
            const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width
            return [...svg.querySelectorAll('text')].map(text => scale * parseFloat(getComputedStyle(text).fontSize))
        })"""
    )

    assert len(heights) > 50
    assert min(heights) >= 10


def test_no_texts_of_the_first_picture_overlap(opened: Opened):
    boxes = opened.page.evaluate(
        """[...document.querySelectorAll('.summary svg')].filter(svg => svg.checkVisibility())
            .flatMap(svg => [...svg.querySelectorAll('text')])
            .map(text => [text.textContent, text.getBoundingClientRect()])
            .map(([text, box]) => [text, box.left, box.right, box.top, box.bottom])"""
    )

    assert len(boxes) > 8
    for index, (text, left, right, top, bottom) in enumerate(boxes):
        for other, *edges in boxes[index + 1 :]:
            apart = right <= edges[0] or edges[1] <= left or bottom <= edges[2] + 4 or edges[3] <= top + 4
            assert apart, (text, other)


def test_a_value_is_a_title_of_its_mark(browser: Browser, report: Path):
    opened = Opened(browser, report, DESKTOP, "light")
    titles = opened.page.locator("figure .wide title").all_text_contents()
    opened.page.context.close()

    assert "aws_ecs/pool/direct: median 3.96 ms, p99 8.03 ms" in titles
    assert any(title.startswith("aws_lambda/per_request/proxy: p99 28.7 (") for title in titles)
    assert any(title.startswith("aws_lambda/per_request/proxy at 1 s: 5 backends") for title in titles) or any(
        "20 backends" in title for title in titles
    )


def test_the_colours_follow_the_scheme(browser: Browser, report: Path):
    colours = []
    for scheme in ("light", "dark"):
        opened = Opened(browser, report, DESKTOP, scheme)
        colours.append(
            opened.page.evaluate(
                "getComputedStyle(document.querySelector('figure .wide svg text[text-anchor=start]')).fill"
            )
        )
        opened.page.context.close()

    assert colours[0] != colours[1]


def test_paper_shows_light_colours_and_every_table(browser: Browser, report: Path):
    opened = Opened(browser, report, DESKTOP, "dark")
    opened.page.emulate_media(media="print")
    shown = opened.page.evaluate(
        "[...document.querySelectorAll('details table')].map(table => table.getBoundingClientRect().height)"
    )
    background = opened.page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")
    opened.page.context.close()

    assert len(shown) > len(PLOTS)
    assert min(shown) > 0
    assert background == "rgb(255, 255, 255)"
