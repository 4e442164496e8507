from dataclasses import replace
from decimal import Decimal

import pytest

from django_runtimes.compare.cost.instance_class import LADDER, instance_class, right_size
from django_runtimes.compare.cost.prices.price_file import read_prices
from django_runtimes.compare.cost.usage.usage import Usage


def needing(connections: str, cpu_ms: str) -> Usage:
    return replace(
        Usage(),
        connections=Decimal(connections),
        connections_at_rps=Decimal(10),
        peak_connections=Decimal(connections),
        database_cpu_ms=Decimal(cpu_ms),
    )


@pytest.mark.parametrize(
    ("connections", "cpu_ms", "expected"),
    [
        # These are 80 % of 112, 225, 450 and 901 connections.
        ("89", "1", "db.t4g.micro"),
        ("90", "1", "db.t4g.small"),
        ("181", "1", "db.t4g.medium"),
        ("361", "1", "db.t4g.large"),
        # These use half of 2 x 10 %, of 2 x 20 %, of 2 x 30 % and of 2 vCPUs, at 10 requests per second.
        ("1", "10", "db.t4g.micro"),
        ("1", "11", "db.t4g.small"),
        ("1", "21", "db.t4g.large"),
        ("1", "31", "db.m7g.large"),
        ("1", "101", "db.m7g.xlarge"),
        ("1", "801", None),
        ("4001", "1", None),
    ],
)
def test_the_cheapest_class_that_meets_the_need_is_chosen(connections: str, cpu_ms: str, expected: str | None):
    need = right_size(needing(connections, cpu_ms), Decimal(10), grows=True)

    assert (need.chosen.name if need.chosen else None) == expected


def test_connections_grow_with_the_rate_but_not_behind_a_proxy():
    direct = right_size(needing("30", "1"), Decimal(100), grows=True)
    proxied = right_size(needing("30", "1"), Decimal(100), grows=False)

    assert (direct.connections, direct.chosen) == (300, instance_class("db.t4g.medium"))
    assert (proxied.connections, proxied.chosen) == (30, instance_class("db.t4g.micro"))


def test_the_need_includes_at_least_the_measured_connections():
    assert right_size(needing("30", "1"), Decimal("0.1"), grows=True).connections == 30


def test_the_need_includes_the_largest_sampled_number_of_connections():
    burst = replace(needing("30", "1"), peak_connections=Decimal(150))

    need = right_size(burst, Decimal(10), grows=True)
    grown = right_size(burst, Decimal(100), grows=True)

    assert (need.connections, need.basis, need.chosen) == (150, "peak_connections", instance_class("db.t4g.small"))
    assert (grown.connections, grown.basis) == (300, "connections")


def test_the_classes_are_in_order_of_price():
    prices = read_prices()
    hourly = [prices[each.price_key].value for each in LADDER]

    assert hourly == sorted(hourly)
