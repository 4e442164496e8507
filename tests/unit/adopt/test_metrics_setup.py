"""Metrics that would be lost, and traces without their packages, are refused with the remedy."""

import sys

import pytest

from django_runtimes.adopt.decisions import decide
from django_runtimes.adopt.needed_packages import require_packages
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.values.choices import TraceProtocol

PROJECT = {"SECRET_KEY": "public", "INSTALLED_APPS": [], "MIDDLEWARE": [], "DATABASES": {}}
ON = {"WEBAPP_METRICS": "emf", "WEBAPP_ACCESS_LOG": "1", "WEBAPP_LOG_FORMAT": "json", "WEBAPP_STAGE": "shop-dev"}


def test_metrics_with_everything_that_they_need():
    adopted = decide(PROJECT, ON).adopted

    assert (adopted.metrics, adopted.stage) == ("emf", "shop-dev")


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        (
            {"WEBAPP_ACCESS_LOG": ""},
            "WEBAPP_METRICS='emf' adds metrics to the access log, which is off; set WEBAPP_ACCESS_LOG=1, or unset "
            "WEBAPP_METRICS",
        ),
        (
            {"WEBAPP_LOG_FORMAT": ""},
            "WEBAPP_METRICS='emf' needs lines of JSON, and the format is text; set WEBAPP_LOG_FORMAT=json",
        ),
        (
            {"WEBAPP_STAGE": ""},
            "WEBAPP_METRICS='emf' needs a name that separates this application's metrics from others; set WEBAPP_STAGE "
            "to a name such as shop-production",
        ),
        (
            {"WEBAPP_STAGE": "shop production"},
            "WEBAPP_STAGE='shop production' is not a stage's name; use up to 100 letters, digits, dots, underscores "
            "and hyphens",
        ),
        (
            {"WEBAPP_METRICS": "statsd"},
            "WEBAPP_METRICS='statsd' is not a format of metrics; choose one of: emf, none",
        ),
    ],
)
def test_metrics_that_would_be_lost(changed, error):
    with pytest.raises(ConfigurationError) as caught:
        decide(PROJECT, ON | changed)

    assert str(caught.value) == error


def test_traces_without_their_packages(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk", None)

    with pytest.raises(ConfigurationError) as caught:
        require_packages({}, TraceProtocol.OTLP)

    assert str(caught.value).startswith("WEBAPP_TRACES='otlp' needs opentelemetry-sdk, of the extra [traces]; ")
    require_packages({}, TraceProtocol.NONE)
