"""The report of `make image-test` on its figures and faults."""

import json
from pathlib import Path

import pytest

from tests.image import report


@pytest.fixture
def file(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setattr(report, "REPORT", tmp_path / "reports" / "image.json")
    return tmp_path / "reports" / "image.json"


def test_a_figure_is_recorded_with_its_bar(file):
    assert report.record_figure("cold build", 44.0, unit="s", bar=180.0)
    assert not report.record_figure("uncompressed size", 300.0, unit="MiB", bar=284.0)
    assert report.record_figure("base image", 159.0, unit="MiB")

    assert json.loads(file.read_text())["figures"] == [
        {"name": "base image", "value": 159.0, "unit": "MiB", "bar": None, "met": True},
        {"name": "cold build", "value": 44.0, "unit": "s", "bar": 180.0, "met": True},
        {"name": "uncompressed size", "value": 300.0, "unit": "MiB", "bar": 284.0, "met": False},
    ]


def test_a_repeated_figure_replaces_only_its_earlier_value(file):
    report.record_figure("cold build", 44.0, unit="s", bar=180.0)
    report.record_fault(26, "SIGTERM", target="aws_ecs", repetitions=5, worst={}, limits={})
    report.record_figure("cold build", 200.0, unit="s", bar=180.0)

    written = json.loads(file.read_text())
    assert [(figure["name"], figure["met"]) for figure in written["figures"]] == [("cold build", False)]
    assert [fault["number"] for fault in written["faults"]] == [26]


def test_a_fault_fails_if_a_figure_is_beyond_its_limit_or_missing(file):
    case = {"target": "aws_ecs", "repetitions": 5, "limits": {"lost": 0}}

    assert report.record_fault(22, "out of memory", worst={"lost": 0}, **case)
    assert not report.record_fault(26, "SIGTERM", worst={"lost": 1}, **case)
    assert not report.record_fault(28, "PID 1", worst={}, **case)
    assert [fault["passed"] for fault in json.loads(file.read_text())["faults"]] == [True, False, False]
