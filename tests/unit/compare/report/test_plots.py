import json
from dataclasses import replace
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from django_runtimes.compare.analysis.summary import summarize
from django_runtimes.compare.cost.analysis import analyze_cost
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.recommendation.candidate import candidates_of
from django_runtimes.compare.recommendation.recommendation import recommend
from django_runtimes.compare.recommendation.stated_limits import StatedLimits
from django_runtimes.compare.record.results import Run, TargetResult
from django_runtimes.compare.record.timeline import BackendTimeline
from django_runtimes.compare.report.plots import svg
from django_runtimes.compare.report.plots.backend_plot import backend_plot
from django_runtimes.compare.report.plots.cost_plot import cost_plot
from django_runtimes.compare.report.plots.cost_speed import cost_speed_plot
from django_runtimes.compare.report.plots.latency_plots import percentile_plots, rate_plots
from django_runtimes.compare.report.plots.plot import Plot
from django_runtimes.compare.report.plots.svg import plot_svg
from django_runtimes.compare.report.tables.resource_table import resource_table
from tests.unit.compare.cost.fixed_prices import PRICES
from tests.unit.compare.recommendation.runs import ECS, REFERENCE, target_of

TEN_PER_SECOND = Traffic.constant(Decimal(10))


def speed_and_cost(run: Run, limits: StatedLimits) -> Plot:
    candidates = candidates_of(run, limits, analyze_cost(run))
    plot = cost_speed_plot(recommend(run, summarize(run), candidates, limits))
    assert plot is not None
    return plot


def layers(plot: Plot, width: int = 1_000) -> list[dict]:
    return plot.spec(width)["layer"]


def test_a_picture_is_one_image_with_values_as_titles(run: Run):
    image = ElementTree.fromstring(plot_svg(speed_and_cost(run, StatedLimits()), 1_000))
    titles = [element.text for element in image.iter("{http://www.w3.org/2000/svg}title")]

    assert image.get("role") == "img"
    assert image.get("aria-labelledby") == "cost-speed-1000-title cost-speed-1000-description"
    assert titles[0] == "Cost beside speed, emulated"
    # Each price names its choices, and whether it rests on an unverified one.
    assert titles[-2:] == [
        "aws_app_runner/pool/direct: 115.01*† USD per month (at least 1 instance of 1 vCPU and 2 GB, capacity_rps=50 "
        "(assumed))",
        "aws_ecs/pool/direct: 165.81† USD per month (at least 2 tasks of 1 vCPU and 2 GB on x86 with public addresses, "
        "a load balancer in 2 zones, capacity_rps=50 (assumed))",
    ]
    assert all(element.get("aria-label") is None for element in image.iter())


def test_the_same_plot_is_always_the_same_image(run: Run):
    images = []
    for _ in range(2):
        svg._drawn.cache_clear()
        images.append(plot_svg(speed_and_cost(run, StatedLimits()), 700))

    assert images[0] == images[1]


def test_a_picture_shows_the_limits_and_the_chosen_target(run: Run):
    spec = speed_and_cost(run, StatedLimits(max_p99_ms=35.0, max_usd_per_month=100.0)).spec(1_000)
    chosen = [row["target"] for row in spec["hconcat"][0]["data"]["values"] if row["is_chosen"]]

    # No target is shown to meet both limits, so no bar stands out against the others.
    assert len(chosen) == 4
    assert "p99 limit 35 ms" in json.dumps(spec)
    assert "limit 100 USD" in json.dumps(spec)


def test_a_limit_far_beyond_every_bar_is_left_out(run: Run):
    assert "limit 9000" not in json.dumps(speed_and_cost(run, StatedLimits(max_usd_per_month=9_000.0)).spec(1_000))


def test_a_phone_gets_its_panels_one_below_the_other(run: Run):
    plot = speed_and_cost(run, StatedLimits())

    assert "vconcat" in plot.spec(340)
    assert "hconcat" in plot.spec(1_000)


def test_percentiles_end_where_samples_are_too_few(run: Run):
    reads, writes = percentile_plots(run)

    assert reads.table.columns == ("target", "label", "p10", "p25", "p50", "p75", "p90", "p95", "p99")
    assert writes.table.columns == ("target", "label", "p10", "p25", "p50", "p75", "p90", "p95")
    assert reads.table.rows[0][-1] == "28.7 (27.6 to 30.1)"


def test_scenarios_with_few_samples_have_no_percentile_curve(run: Run):
    def shortened(target: TargetResult) -> TargetResult:
        return replace(target, scenarios=tuple(replace(each, blocks=()) for each in target.scenarios))

    assert list(percentile_plots(replace(run, targets=tuple(shortened(target) for target in run.targets)))) == []


def test_bills_of_nothing_are_not_drawn():
    free = analyze_cost(None, settings=[f"price.{price.key}=0" for price in PRICES if not price.is_rule])

    assert cost_plot(free, TEN_PER_SECOND) is None


def test_latency_is_drawn_against_the_rate_from_two_rates_on(run: Run):
    assert list(rate_plots(run)) == []

    doubled = replace(
        run,
        targets=tuple(
            replace(
                target, scenarios=(*target.scenarios, *(replace(each, rate_rps=50.0) for each in target.scenarios[:1]))
            )
            for target in run.targets
        ),
    )
    (plot,) = rate_plots(doubled)

    assert plot.title == "Latency of reads against the rate, emulated"
    assert [row[1:3] for row in plot.table.rows if row[0] == "aws_ecs/pool/direct"] == [
        ("emulated", "25/s"),
        ("emulated", "50/s"),
    ]


@pytest.mark.parametrize("p50_ms", [1.3, 3.0, 6.5, 250.0])
def test_equal_latencies_have_an_axis_with_ticks_and_look_equal(p50_ms: float):
    targets = tuple(target_of(name, p50_ms * factor) for name, factor in ((REFERENCE, 1.0), (ECS, 1.01)))
    (plot,) = percentile_plots(Run({}, targets))

    y = plot.spec(700)["encoding"]["y"]
    low, high = y["scale"]["domain"]
    assert len([tick for tick in y["axis"]["values"] if low <= tick <= high]) >= 2
    assert high / low >= 4.99


def test_a_run_without_a_timeline_has_no_plot_of_backends(run: Run):
    assert backend_plot(run) is None


def test_backends_have_a_peak_in_each_phase(run: Run):
    timeline = BackendTimeline(1.0, (1, 2, 20, 9, 3))
    measured = replace(run.targets[0], backends=timeline)
    phases = {"first requests": 0.0, "bursts of 40": 2.5, "steady load": 4.0}

    plot = backend_plot(Run({**run.environment, "phases": phases}, (measured,)))

    assert plot is not None
    assert plot.table.columns[2:] == ("first requests, from 0 s", "bursts of 40, from 2 s", "steady load, from 4 s")
    # The third second belongs to two phases.
    assert plot.table.rows == ((measured.name, "emulated", "20", "20", "3"),)


def test_each_crossing_lies_on_both_lines(run: Run):
    cost = analyze_cost(run)
    plot = cost_plot(cost, TEN_PER_SECOND)
    assert plot is not None
    _, lines, _, crossings, _ = layers(plot)

    assert {row["target"] for row in lines["data"]["values"]} == {
        "aws_lambda+http_api/per_request/proxy",
        "aws_lambda+http_api/persistent/proxy",
        "aws_app_runner/pool/direct*†",
        "aws_ecs/pool/direct†",
    }
    points = crossings["data"]["values"]
    assert len(points) > 3
    bills = {billed.name: billed for billed in cost.targets}
    for point in points:
        below, _, rest = point["text"].replace("*", "").replace("†", "").partition(" is cheaper up to ")
        above = rest.partition(", ")[2].removesuffix(" above")
        traffic = Traffic.constant(Decimal(str(point["rate"])))
        lower, higher = (float(bills[name].bill(traffic).usd) for name in (below, above))
        assert lower == pytest.approx(point["usd"], rel=1e-6)
        # At a step the other bill is about to change by one task.
        assert lower <= higher * 1.000001 or higher == pytest.approx(lower, rel=0.2)


def test_billed_resources_come_from_the_measured_durations(run: Run):
    table = resource_table(analyze_cost(run), TEN_PER_SECOND)
    rows = {row[0]: row[1:] for row in table.rows}

    # 16 ms, rounded up from 15.20, x 1,769 MB; 0.5 % of the requests add 433 ms.
    assert rows["aws_lambda/per_request/proxy"] == ("emulated", "15.20", "1,769†", "31,380", "-", "-")
    assert rows["aws_ecs/pool/direct"] == ("emulated", "4.28", "2,048†", "-", "1,460†", "2,920†")
