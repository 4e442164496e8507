"""The analysis of a run with a target of the Data API: its own calls, and no connections."""

from dataclasses import replace
from decimal import Decimal

import pytest

from django_runtimes.compare.cost import analysis
from django_runtimes.compare.cost.analysis import CostAnalysis, analyze_cost
from django_runtimes.compare.cost.cost_sentences import cost_sentences
from django_runtimes.compare.cost.cost_tables import detail_tables
from django_runtimes.compare.cost.usage.value_origin import ValueOrigin
from django_runtimes.compare.record.results import ConnectionCounts, Run
from tests.unit.compare.cost.fixed_prices import PRICES
from tests.unit.compare.recommendation.runs import REFERENCE, target_of

NAME = "aws_lambda/per_request/data_api"
ASKING = replace(
    target_of(NAME, 20.0, blocks=2),
    connections=ConnectionCounts(peak=0, mean=0.0, opened=0),
    usage={"data_api_calls": 1.5, "data_api_kb": 2.5},
)


@pytest.fixture(autouse=True)
def fixed_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "read_prices", lambda region: PRICES)
    monkeypatch.setattr(analysis, "all_crossings", lambda billed, up_to_rps: ())


def both() -> CostAnalysis:
    return analyze_cost(Run({}, (target_of(REFERENCE, 10.0, blocks=2), ASKING)))


def test_the_measured_calls_are_billed():
    usage = next(usage for usage in both().usages if usage.name == NAME)

    assert (usage.usage.data_api_calls, usage.usage.data_api_kb) == (Decimal("1.5"), Decimal("2.5"))
    assert usage.origins["data_api_calls"] is ValueOrigin.MEASURED
    # The target holds no connection, so that none is measured.
    assert usage.origins["connections"] is ValueOrigin.ASSUMED


def test_the_database_with_the_data_api_has_the_calls_of_the_target_on_it():
    costs = both()
    database = next(billed for billed in costs.databases if billed.name == "Aurora at 0 ACU with the Data API")
    million = next(traffic for traffic in costs.traffics if traffic.label == "1/s")
    (calls,) = (term for term in database.bill(million).terms if term.name == "Data API")

    assert calls.quantity == Decimal("1.5") * million.requests


def test_only_targets_with_connections_need_an_instance():
    assert [usage.name for usage, _ in both().database_needs] == [REFERENCE]
    alone = analyze_cost(Run({}, (ASKING,)))
    assert alone.database_needs == ()
    assert not [table for table in detail_tables(alone) if "instance" in table.title]


def test_the_option_of_a_function_is_rds_proxy_in_place_of_the_data_api():
    titles = [option.title for option in analyze_cost(Run({}, (ASKING,))).options]

    assert "RDS Proxy in place of the Data API" in titles
    assert "with RDS Proxy" not in titles


def test_a_sentence_states_the_database_that_the_data_api_needs():
    # 730 h x 0.5 ACU x 0.12, 20 GB x 0.10, 26.28 million I/O x 0.20 per million, and three secrets
    sentence = (
        f"The database of {NAME} must be Aurora: at 0 ACU it costs 3.20* USD per month while idle and 52.26* at 10/s, "
        "against 26.06 for RDS db.t4g.small."
    )

    assert sentence in cost_sentences(both())
    without = analyze_cost(Run({}, (target_of(REFERENCE, 10.0, blocks=2),)))
    assert not [each for each in cost_sentences(without) if "must be Aurora" in each]
