import os

import pytest
from benchmarks.compare.generator import Round, null_server, outcome

from django_runtimes.cli.tool_error import UsageError

KEPT = Round(bare_late=0.3, late=0.35, answered_rps=4_990.0)


def test_each_bar_has_its_figure():
    assert outcome([KEPT] * 5) == (
        (
            "more late sends than the bare timer loop: +0.050 percentage points, median of 5 (bar: at most 0.1)",
            "answered: 4,990 requests/s, median of 5 (bar: at least 4,950)",
        ),
        True,
    )


@pytest.mark.parametrize("missed", [Round(0.3, 0.45, 4_990.0), Round(0.3, 0.3, 4_900.0)])
def test_the_median_decides(missed):
    assert outcome([KEPT, KEPT, KEPT, missed, missed])[1]
    assert not outcome([KEPT, KEPT, missed, missed, missed])[1]


def test_a_machine_with_one_cpu_is_refused(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0})

    with pytest.raises(UsageError, match="has 1 CPU"), null_server():
        pass
