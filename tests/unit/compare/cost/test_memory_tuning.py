from dataclasses import replace
from decimal import Decimal

import pytest

from django_runtimes.compare.cost import analysis
from django_runtimes.compare.cost.analysis import analyze_cost
from django_runtimes.compare.cost.memory_tuning import MemoryPoint, MemoryTuning, memory_tunings, tunings_of
from django_runtimes.compare.record.results import Run, TargetResult
from django_runtimes.compare.report.content import content_of
from django_runtimes.compare.report.plots.memory_plot import memory_plot
from django_runtimes.compare.report.sentences import image_sentences
from django_runtimes.compare.report.tables.memory_table import memory_sentences, memory_table
from tests.unit.compare.cost.fixed_prices import PRICES
from tests.unit.compare.recommendation.runs import target_of
from tests.unit.compare.report.rendering import render_html, render_markdown

FUNCTION = "aws_lambda/per_request/direct"


def point(memory_mb: int, duration_ms: str, usd: str) -> MemoryPoint:
    return MemoryPoint(f"{FUNCTION}@{memory_mb}", memory_mb, Decimal(duration_ms), Decimal(usd))


SMALL, MIDDLE, LARGE = point(512, "100", "1.00"), point(1024, "40", "1.20"), point(1769, "30", "2.00")


def tuning(weight: str, *points: MemoryPoint) -> MemoryTuning:
    return MemoryTuning(FUNCTION, points or (SMALL, MIDDLE, LARGE), Decimal(weight))


def test_the_cheapest_and_the_fastest_size_do_not_depend_on_the_weight():
    for weight in ("0", "0.5", "1"):
        assert (tuning(weight).cheapest, tuning(weight).fastest) == (SMALL, LARGE)


@pytest.mark.parametrize(
    ("weight", "balanced"),
    # Of the highest values, SMALL has 50 % of the cost and 100 % of the duration, MIDDLE 60 % and 40 %, LARGE 100 % and
    # 30 %.
    [("0", LARGE), ("0.1", LARGE), ("0.3", MIDDLE), ("0.5", MIDDLE), ("0.8", MIDDLE), ("0.9", SMALL), ("1", SMALL)],
)
def test_the_balanced_size_minimizes_the_weighted_sum(weight: str, balanced: MemoryPoint):
    assert tuning(weight).balanced == balanced


def test_of_two_sizes_with_one_price_the_faster_is_the_cheapest():
    assert tuning("0.5", SMALL, replace(SMALL, memory_mb=600, duration_ms=Decimal(90))).cheapest.memory_mb == 600


def test_of_two_sizes_with_one_duration_the_cheaper_is_the_fastest():
    assert tuning("0.5", LARGE, replace(LARGE, memory_mb=1700, usd_per_million=Decimal(1))).fastest.memory_mb == 1700


def test_a_size_that_fails_requests_is_not_chosen():
    failing = replace(SMALL, exclusions=("only 60.0% of its reads were answered as expected",))

    found = tuning("0.5", failing, MIDDLE, LARGE)

    assert (found.cheapest, found.roles(failing)) == (MIDDLE, ())
    assert next(memory_sentences([found])).endswith(
        "Left out: aws_lambda/per_request/direct@512 (only 60.0% of its reads were answered as expected)."
    )


def test_a_reason_that_all_sizes_share_excludes_none():
    shared = tuple(replace(each, exclusions=("it was emulated",)) for each in (SMALL, MIDDLE, LARGE))

    assert tuning("0.5", *shared).cheapest == shared[0]
    assert "Left out" not in next(memory_sentences([tuning("0.5", *shared)]))


def test_no_size_is_chosen_if_all_fail_requests():
    failing = tuple(replace(each, exclusions=(each.name,)) for each in (SMALL, LARGE))
    found = tuning("0.5", *failing)

    assert next(memory_sentences([found])).startswith(
        "aws_lambda/per_request/direct, emulated: no memory size is chosen. Left out: "
    )
    assert {row[5] for row in memory_table(found, 8).rows} == {""}
    assert not any(
        row["is_chosen"] for row in memory_plot(found, memory_table(found, 8), "emulated").spec(340)["data"]["values"]
    )


def test_a_size_has_the_exclusions_of_its_target():
    failing = target_of(f"{FUNCTION}@512", 5.0, ok_share=0.9)
    run = run_of(*MEASURED)
    targets = tuple(
        replace(each, scenarios=failing.scenarios) if each.name == failing.name else each for each in run.targets
    )

    (found,) = memory_tunings(analyze_cost(replace(run, targets=targets)))

    assert "only 90.0% of its reads were answered as expected" in found.points[0].exclusions
    assert f"{FUNCTION}@512" in found.left_out


def test_an_unverified_price_is_marked_in_each_form():
    unverified = replace(SMALL, mark="*")
    marked = tuning("0.5", unverified, LARGE)
    table = memory_table(marked, 8)
    plot = memory_plot(marked, table, "emulated")

    assert table.rows[0][4] == "1.00*"
    assert table.notes[-1] == "* Not verified: the price of a GB-second."
    assert "USD 1.00* per million requests" in next(memory_sentences([marked]))
    assert "USD 1.00* per million" in plot.spec(1_000)["data"]["values"][0]["title"]
    assert "Not verified" not in " ".join(memory_table(tuning("0.5"), 8).notes)


def test_a_size_has_the_mark_of_its_price(monkeypatch: pytest.MonkeyPatch):
    key = "lambda_gb_s_x86"
    unverified = PRICES.replaced({key: replace(PRICES[key], verified=False)})
    monkeypatch.setattr(analysis, "read_prices", lambda region: unverified)
    run = run_of((f"{FUNCTION}@512", 100.0), (f"{FUNCTION}@1024", 40.0))

    assert {point.mark for point in memory_tunings(analyze_cost(run))[0].points} == {"*"}


def target(name: str, duration_ms: float | None) -> TargetResult:
    runtime, strategy, route = name.partition("@")[0].split("/")
    empty = TargetResult.failed(name=name, runtime=runtime, strategy=strategy, route=route, label="emulated", error="")
    usage = {} if duration_ms is None else {"duration_ms": duration_ms}
    return replace(empty, status="measured", error=None, usage=usage)


def run_of(*durations_ms: tuple[str, float | None], weight: float | None = None) -> Run:
    sizes = {"512": "0.289 CPU and 512 MB", "1024": "0.579 CPU and 1,024 MB", "4096": "2 CPU and 4,096 MB"}
    targets = tuple(target(name, duration_ms) for name, duration_ms in durations_ms)
    details = {each.name: {"limits": sizes[size]} for each in targets if (size := each.name.partition("@")[2])}
    plan = {} if weight is None else {"balanced_weight": weight}
    return Run({"workload": "guestbook", "targets": details, "machine": {"cpus": 2}, "plan": plan}, targets)


MEASURED = (FUNCTION, 8.0), (f"{FUNCTION}@512", 39.2), (f"{FUNCTION}@1024", 12.0)


def test_a_run_gives_the_price_of_each_size():
    (found,) = memory_tunings(analyze_cost(run_of(*MEASURED)))

    # 1,000,000 requests x memory in GB x (billed duration + 0.005 x 1.5 s of initialization) x USD 0.0000166667 for a
    # GB-second: 0.5 GB x (0.040 + 0.0075) s, and 1 GB x (0.012 + 0.0075) s.
    assert [(each.memory_mb, each.duration_ms, round(each.usd_per_million, 4)) for each in found.points] == [
        (512, Decimal("39.2"), Decimal("0.3958")),
        (1024, Decimal("12.0"), Decimal("0.3250")),
    ]
    assert (found.target, found.weight) == (FUNCTION, Decimal("0.5"))


def test_the_weight_of_the_run_counts():
    run = run_of(*MEASURED, weight=0.2)

    assert tunings_of(run, analyze_cost(run))[0].weight == Decimal("0.2")
    assert tunings_of(run, None) == ()


@pytest.mark.parametrize(
    "measured", [MEASURED[:2], (MEASURED[0], (f"{FUNCTION}@512", 39.2), (f"{FUNCTION}@1024", None))]
)
def test_one_measured_size_is_no_choice(measured):
    assert memory_tunings(analyze_cost(run_of(*measured))) == ()


def test_sizes_that_only_a_name_claims_are_no_choice():
    run = run_of(*MEASURED)
    deployed = Run({**run.environment, "targets": {}}, run.targets)

    assert memory_tunings(analyze_cost(deployed)) == ()


def test_the_table_names_the_choices():
    table = memory_table(tuning("0.5"), 2)

    assert [row[1:] for row in table.rows] == [
        ("512", "0.29", "100", "1.00", "cheapest"),
        ("1,024", "0.58", "40.0", "1.20", "balanced"),
        ("1,769", "1.00", "30.0", "2.00", "fastest"),
    ]
    assert len(table.notes) == 1
    assert "Balanced minimizes 0.5 x cost + 0.5 x duration" in table.notes[0]


def test_a_size_with_more_cpus_than_the_machine_is_noted():
    table = memory_table(tuning("0.5", SMALL, point(4096, "30", "4.00")), 2)

    assert table.notes[-1] == "This machine has only 2 CPUs, fewer than Lambda grants with 4,096 MB."


def test_one_sentence_names_the_three_sizes():
    assert list(memory_sentences([tuning("0.5")])) == [
        "aws_lambda/per_request/direct, emulated: the cheapest memory size is 512 MB (100 ms, USD 1.00 per million "
        "requests), the fastest 1,769 MB (30.0 ms, USD 2.00 per million requests), and the balanced one with weight "
        "0.5 1,024 MB (40.0 ms, USD 1.20 per million requests)."
    ]


def test_a_size_that_is_cheapest_and_fastest_is_named_once():
    assert list(memory_sentences([tuning("0.5", SMALL, point(1024, "120", "1.20"))])) == [
        "aws_lambda/per_request/direct, emulated: 512 MB (100 ms, USD 1.00 per million requests) is the cheapest and "
        "the fastest memory size."
    ]


def test_the_reports_show_the_memory_sizes():
    run = run_of(*MEASURED)

    for text in (render_markdown(run), render_html(run).replace("<wbr>", "")):
        assert "Memory of the function" in text
        assert "1,024 MB (12.0 ms, USD 0.33 per million requests) is the cheapest and the fastest memory size" in text
        assert "mean duration in ms" in text
    assert 'id="memory-aws-lambda-per-request-direct-' in render_html(run)
    # The terminal prints the remarks.
    assert "is the cheapest and the fastest memory size" in content_of(run).remarks[0]


def test_the_containers_of_an_image_have_the_limits_of_each_size():
    run = run_of(*MEASURED[1:])
    image = {"reference": "localhost/webapp:1", "engine": "podman 4.3.1", "container_start_ms": 131.4}

    (sentence,) = image_sentences(Run({**run.environment, "image": image}, run.targets))

    assert "aws_lambda@512 0.289 CPU and 512 MB; aws_lambda@1024 0.579 CPU and 1,024 MB" in sentence


def test_the_label_of_the_lowest_point_is_below_the_line():
    (found,) = memory_tunings(analyze_cost(run_of(*MEASURED)))

    spec = memory_plot(found, memory_table(found, 2), "emulated").spec(340)

    assert [(row["text"], row["dy"]) for row in spec["data"]["values"]] == [
        ("512 MB", -10),
        ("1,024 MB: cheapest, balanced, fastest", 16),
    ]


def test_a_run_without_sizes_has_no_such_section():
    assert "Memory of the function" not in render_markdown(run_of(MEASURED[0]))
