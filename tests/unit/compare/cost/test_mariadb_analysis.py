"""The analysis of a run on MariaDB: every target's own bill, and no database, whose prices are unknown."""

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.cost import analysis
from django_runtimes.compare.cost.analysis import CostAnalysis, analyze_cost
from django_runtimes.compare.cost.cost_sentences import cost_sentences
from django_runtimes.compare.cost.cost_tables import detail_tables
from django_runtimes.compare.cost.memory_tuning import memory_tunings
from django_runtimes.compare.record.results import Run
from tests.unit.compare.cost.fixed_prices import PRICES
from tests.unit.compare.recommendation.runs import target_of

FUNCTION, TASKS = "aws_lambda/per_request/direct@mysql", "aws_ecs/persistent/direct@mysql"
ON_POSTGRESQL = ("aws_lambda/per_request/direct", "aws_ecs/persistent/direct")


@pytest.fixture(autouse=True)
def fixed_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "read_prices", lambda region: PRICES)
    monkeypatch.setattr(analysis, "all_crossings", lambda billed, up_to_rps: ())


def costs(*names: str, settings: tuple[str, ...] = ()) -> CostAnalysis:
    return analyze_cost(Run({}, tuple(target_of(name, 10.0, blocks=2) for name in names)), settings=settings)


def test_targets_cost_what_they_cost_on_postgresql():
    found, expected = costs(FUNCTION, TASKS), costs(*ON_POSTGRESQL)

    assert [billed.name for billed in found.targets] == [f"{billed.name}@mysql" for billed in expected.targets]
    for traffic in found.traffics:
        assert [each.bill(traffic).usd for each in found.targets] == [
            each.bill(traffic).usd for each in expected.targets
        ]


def test_no_database_is_priced():
    found = costs(FUNCTION, TASKS)

    assert (found.databases, found.database_needs) == ((), ())
    assert not [option for option in found.options if "RDS" in option.title]
    assert "with RDS Proxy" in [option.title for option in costs(*ON_POSTGRESQL).options]
    titles = [table.title for table in detail_tables(found)]
    assert "Shared parts, one egress for all targets: USD per month" in titles
    assert not [title for title in titles if "instance" in title]


def test_a_sentence_says_that_the_database_has_no_price():
    text = (
        "The database is not priced, and neither is RDS Proxy in front of it: the prices here are PostgreSQL's, and "
        "those of RDS for MariaDB and MySQL were not read."
    )

    sentences = cost_sentences(costs(FUNCTION, TASKS))

    assert text in sentences
    assert text not in cost_sentences(costs(*ON_POSTGRESQL))
    for name in ("database_class", "min_acu", "connections"):
        assert not [sentence for sentence in sentences if f"{name}=" in sentence]


@pytest.mark.parametrize("setting", ["database_class=db.t4g.micro", "min_acu=4", f"{TASKS}:connections=3"])
def test_a_value_of_a_database_has_no_effect(setting: str):
    with pytest.raises(UsageError, match=r"has no effect, since .* on PostgreSQL"):
        costs(FUNCTION, TASKS, settings=(setting,))


def test_memory_sizes_are_compared_on_one_engine():
    sizes = [f"{FUNCTION}@512", f"{FUNCTION}@1024"]
    limits = {name: {"limits": f"0.5 CPU and {size} MB"} for name, size in zip(sizes, (512, 1024), strict=True)}
    run = Run({"targets": limits}, tuple(target_of(name, 10.0, blocks=2) for name in sizes))

    assert [tuning.target for tuning in memory_tunings(analyze_cost(run))] == [FUNCTION]
