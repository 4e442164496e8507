from pathlib import Path

import pytest
from benchmarks.compare.live_verdicts import LiveRun, counted, outcome

from django_runtimes.compare.analysis.summary import summarize
from django_runtimes.compare.record.results import Run

SAVED = Path(__file__).parents[2] / "compare/report/run.json"
KEPT = LiveRun(cells=8, reached=8, has_winner_in_pair=False, duration_s=345.0, other_cpus=0.55)


def test_the_verdicts_of_a_saved_run_are_counted():
    run = counted(summarize(Run.from_json(SAVED.read_text())), 290.0)

    assert 0 < run.reached <= run.cells
    assert str(run).startswith(f"{run.reached} of {run.cells} verdicts, the A/A pair names no winner, 290 s, ")


@pytest.mark.parametrize(
    ("run", "is_kept"),
    [
        (KEPT, True),
        (KEPT._replace(reached=4), True),
        (KEPT._replace(reached=3), False),
        (KEPT._replace(has_winner_in_pair=True), False),
        (KEPT._replace(duration_s=361.0), False),
    ],
)
def test_each_bar_counts(run, is_kept):
    assert outcome([KEPT, KEPT, run])[1] is is_kept


def test_each_bar_has_its_figure():
    assert outcome([KEPT, KEPT._replace(reached=2, duration_s=350.0)])[0] == (
        "verdicts reached: 62% of 16 (bar: at least 80%)",
        "runs whose A/A pair names a winner: 0 of 2 (bar: none)",
        "longest run: 350 s (bar: at most 360 s)",
    )


def test_runs_without_any_verdict_miss_the_bar():
    assert outcome([KEPT._replace(cells=0, reached=0)])[1] is False
