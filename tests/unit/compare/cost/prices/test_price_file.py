import re
from datetime import date
from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.cost.prices.price_file import complete_regions, every_price, read_prices
from django_runtimes.compare.cost.usage.ec2_types import EC2_TYPES
from tests.unit.documents.pages import ROOT

FACTS = {
    "lambda_requests": "0.20", "lambda_gb_s_x86": "0.0000166667", "lambda_gb_s_arm": "0.0000133334",
    "http_api": "1.00", "alb_hour": "0.0225", "alb_lcu_hour": "0.008", "fargate_vcpu_hour_x86": "0.04048",
    "fargate_gb_hour_x86": "0.004445", "fargate_vcpu_hour_arm": "0.03238", "fargate_gb_hour_arm": "0.00356",
    "apprunner_vcpu_hour": "0.064", "apprunner_gb_hour": "0.007", "rds_proxy_vcpu_hour": "0.015",
    "aurora_acu_hour": "0.12", "aurora_gb_month": "0.10", "aurora_io": "0.20", "db_t4g_micro_hour": "0.016",
    "db_t4g_medium_hour": "0.065", "rds_gp3_gb_month": "0.115", "nat_hour": "0.045", "nat_gb": "0.045",
    "endpoint_hour": "0.01", "endpoint_gb": "0.01", "secret_month": "0.40", "secret_calls": "0.05", "logs_gb": "0.50",
    "logs_gb_month": "0.03", "public_ipv4_hour": "0.005",
}  # fmt: skip


def test_the_prices_of_us_east_1_are_verified_and_complete():
    prices = read_prices()
    not_refreshed = {key: value for key, value in FACTS.items() if prices[key].checked <= date(2026, 11, 28)}

    assert {key: f"{prices[key].value:f}" for key in not_refreshed} == not_refreshed
    assert all(prices[key].verified for key in FACTS)
    assert prices.missing == ()


def test_unverified_prices_are_marked():
    prices = read_prices()

    from_memory = {
        "function_url", "data_api", "db_t4g_large_hour", "db_t4g_xlarge_hour", "db_t4g_2xlarge_hour",
        "db_m7g_large_hour", "db_m7g_xlarge_hour", "db_m7g_2xlarge_hour", "db_m7g_4xlarge_hour",
        "rest_api_stream_unit_mb", "apprunner_active_s", "aurora_pause_s", "data_api_unit_kb", "managed_reserved_vcpu",
        "managed_reserved_gb", *(each.price_key for each in EC2_TYPES),
    }  # fmt: skip
    not_refreshed = {key for key in from_memory if prices[key].checked <= date(2026, 11, 30)}

    assert {price.key for price in prices if not price.verified} == not_refreshed


def test_every_price_names_a_page_of_aws():
    for region in ("us-east-1", "eu-central-1"):
        for price in read_prices(region):
            page = r"https://((docs\.)?aws\.amazon\.com|github\.com/aws-samples)/"
            assert re.match(page, price.source), price.key
            assert not price.tiers or price.tiers[0].value == price.value, price.key


def test_the_error_for_an_unknown_region_lists_the_regions():
    with pytest.raises(UsageError, match="'mars-1' has no prices; choose a region with all prices: us-east-1 "):
        read_prices("mars-1")


def test_the_error_for_a_missing_price_lists_the_complete_regions():
    prices = read_prices("eu-central-1")

    with pytest.raises(UsageError) as missing:
        prices["http_api"]
    text = str(missing.value)
    assert text.startswith(
        f"region 'eu-central-1' has 6 of {6 + len(prices.missing)} prices and lacks lambda_gb_s_arm, "
    )
    assert all(name in text for name in prices.missing)
    assert "; set each (--set price.lambda_gb_s_arm=USD), or choose a region with all prices: us-east-1 (" in text
    assert prices["fargate_vcpu_hour_x86"].value > read_prices()["fargate_vcpu_hour_x86"].value
    assert "http_api" in prices.missing


@pytest.mark.parametrize("value", ["x", "-1", "NaN", ""])
def test_a_price_that_is_not_a_number_is_refused_with_its_key(tmp_path: Path, value: str):
    path = tmp_path / "prices.toml"
    fields = f'value = "{value}"\nunit = "g"\nsource = "s"\ndate = 2026-01-01\nverified = true\n'
    path.write_text(f"[rules]\n[prices.here.gold]\n{fields}")

    with pytest.raises(ValueError, match="price 'gold' is incomplete"):
        read_prices("here", path)


def test_each_key_has_one_unit():
    known = every_price()
    for region in ("us-east-1", "eu-central-1"):
        for price in read_prices(region):
            assert price.is_rule or (known[price.key].unit, known[price.key].per) == (price.unit, price.per)


def test_the_page_on_costs_says_which_regions_are_complete():
    page = (ROOT / "docs/cost.md").read_text(encoding="utf-8")

    assert complete_regions() == ("us-east-1",)
    assert "Only us-east-1 has all prices" in page
    assert sum(not price.is_rule for price in read_prices("eu-central-1")) == 6
    assert "eu-central-1 has six." in page
