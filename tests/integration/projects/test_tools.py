"""Compares the example projects, and runs their own tests."""

import json
from pathlib import Path

import pytest

TARGETS = ("--target", "aws_ecs/pool/direct", "--target", "aws_lambda/per_request/direct")
SHORT = ("--quick", "--rate", "20")
# It logs in, adds items and counts them.
STOCK_WORKLOAD = Path(__file__).with_name("stock_workload.toml").read_text()


def measured(example):
    """Return the status of each target in the example's newest report."""
    *_, report = sorted((example.folder / "reports").iterdir())
    run = json.loads((report / "run.json").read_text())
    return {target["name"]: target["status"] for target in run["targets"]}


def test_the_first_comparison_uses_the_pages_that_init_found(gallery):
    workload = gallery.read("compare.toml")
    assert 'path = "/"' in workload
    assert 'path = "/about/"' in workload

    gallery.webapp("compare", *SHORT, *TARGETS)

    assert measured(gallery) == {"aws_ecs/pool/direct": "measured", "aws_lambda/per_request/direct": "measured"}


def test_compare_measures_the_api_including_logins_and_writes(stock):
    (stock.folder / "compare.toml").write_text(STOCK_WORKLOAD)

    stock.webapp("compare", *SHORT, *TARGETS)

    assert measured(stock) == {"aws_ecs/pool/direct": "measured", "aws_lambda/per_request/direct": "measured"}


@pytest.mark.parametrize(("name", "count"), [("stock", 4), ("gallery", 2)])
def test_the_projects_own_tests_pass_on_each_runtime(request, name, count):
    example = request.getfixturevalue(name)
    if name == "stock":
        (example.folder / "compare.toml").write_text(STOCK_WORKLOAD)

    output = example.webapp("test")

    assert output.count(f"Ran {count} tests") + output.count(f"{count} passed") == 2, output
