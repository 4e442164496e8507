import json
from pathlib import Path

from benchmarks.figures import Results
from benchmarks.report import write

ENVIRONMENT = {
    "finished_at": "2026-11-23T08:00:00+00:00",
    "quick": False,
    "revision": "0123456789ab",
    "machine": {"cpu": "a processor", "cpus": 2},
    "load_average_before": 0.05,
    "python": "3.11.7",
    "postgresql": {"server_version": "18.4"},
}


def test_the_json_has_the_environment_and_a_judged_figure_for_each_bar(results: Results, tmp_path: Path):
    write(ENVIRONMENT, results, tmp_path)

    content = json.loads((tmp_path / "latest.json").read_text())
    assert content["environment"] == ENVIRONMENT
    assert len(content["figures"]) == 8
    assert content["figures"][1] == {
        "name": "Lambda /items, held connection, ours / apig-wsgi",
        "ours": 600.0,
        "peer": 500.0,
        "ratio": 1.2,
        "ratio_low": 1.2,
        "ratio_high": 1.2,
        "bar": 1.02,
        "goal": 1.0,
        "met": False,
    }


def test_the_page_shows_each_figure_with_its_interval_and_verdicts(results: Results, tmp_path: Path):
    write(ENVIRONMENT, results, tmp_path)

    page = (tmp_path / "latest.md").read_text()
    assert (
        "| Lambda /items, held connection, ours / apig-wsgi | 600 | 500 | µs | **1.2** [1.2, 1.2] "
        "| ≤ 1.02 | **no** | ≤ 1 | **no** |"
    ) in page
    assert "| container /ping req/s at c16, ours on uvicorn / uvicorn with Django's handler | 6,000 | 1,000 |" in page


def test_the_page_lists_every_contender_with_its_refusals(results: Results, tmp_path: Path):
    write(ENVIRONMENT, results, tmp_path)

    page = (tmp_path / "latest.md").read_text()
    assert "| Mangum + Django's handler | 2,000.0 | 20.00 |" in page
    assert "| granian WSGI | 8,000 | 1.33 | 5.0 | 20.0 | 10,000 | 0 | 0 |" in page


def test_the_page_of_a_quick_run_says_that_it_is_a_preview(results: Results, tmp_path: Path):
    write({**ENVIRONMENT, "quick": True}, results, tmp_path)

    assert "A preview" in (tmp_path / "latest.md").read_text()
