from dataclasses import replace

import pytest

from django_runtimes.compare.record.results import Run
from django_runtimes.compare.report.measurement_sentences import time_sentences
from tests.unit.compare.report.printed_report import printed
from tests.unit.compare.report.rendering import render_markdown


def timed(run: Run, **values: object) -> Run:
    return replace(run, environment={**run.environment, **values})


@pytest.mark.parametrize("render", [printed, render_markdown])
def test_a_report_says_what_a_run_left_out(run: Run, render):
    short = timed(run, taken_s=131.4, limit_s=120.0, left_out=["cold starts (2 of 6 steps)"])

    text = " ".join(render(short).split())

    assert "The run took 131 s, its limit was 120 s; left out for lack of time: cold starts (2 of 6 steps)." in text


def test_a_run_beyond_its_limit_says_so(run: Run):
    assert list(time_sentences(timed(run, taken_s=131.4, limit_s=120.0))) == [
        "The run took 131 s, its limit was 120 s."
    ]


def test_a_run_in_time_and_one_of_an_earlier_version_say_nothing(run: Run):
    assert list(time_sentences(timed(run, taken_s=90.0, limit_s=120.0, left_out=[]))) == []
    assert list(time_sentences(run)) == []
