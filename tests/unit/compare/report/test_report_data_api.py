"""What every report says about the Data API and its stand-in."""

from dataclasses import replace

import pytest

from django_runtimes.compare.record.results import ConnectionCounts, Run
from django_runtimes.compare.report.content import content_of
from tests.unit.compare.report.printed_report import printed
from tests.unit.compare.report.rendering import render_html, render_markdown


@pytest.mark.parametrize("render", [printed, render_markdown, render_html])
def test_every_report_states_the_latency_of_the_stand_in_for_the_data_api(run: Run, render):
    targets = tuple(replace(target, route="data_api") for target in run.targets if target.runtime == "aws_lambda")
    asked = Run({**run.environment, "data_api": {"added_latency_ms": 17.0}}, targets)

    text = " ".join(render(asked).replace("&#x27;", "'").split())

    assert (
        "A stand-in serves the Data API, and adds 17 ms to each call, which others have published as the duration of a "
        "call inside a region." in text
    )
    assert "stand-in serves" not in render(run)


def test_a_target_without_connections_waits_for_none(run: Run):
    held = ConnectionCounts(peak=0, mean=0.0, opened=0)
    asking = replace(run.targets[0], route="data_api", connections=held)

    text = " ".join(printed(replace(run, targets=(asking, *run.targets[1:]))).split())

    assert "held no database connection" in text
    assert f"No p99 for {asking.name}: it holds no connection." in render_markdown(replace(run, targets=(asking,)))


def test_the_report_says_whose_the_sessions_of_the_data_api_are(run: Run):
    targets = tuple(replace(target, route="data_api") for target in run.targets if target.runtime == "aws_lambda")
    caveats = {section.key: section.caveats for section in content_of(replace(run, targets=targets)).sections}

    assert caveats["connections"][-1] == (
        "On the route data_api a target holds no connection. The sessions of the stand-in are not counted as its own; "
        "the notes of the target have their number."
    )
