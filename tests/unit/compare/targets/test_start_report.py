import json
from pathlib import Path

import pytest

from django_runtimes.compare.targets.start_report import StartPhases, StartReports

# In seconds of a clock that was at 100 when the start began.
MOMENTS = {
    "process_started": 100.30, "first_line": 100.34, "setup_begins": 100.40, "setup_ends": 100.60,
    "connect_begins": 100.72, "connect_ends": 100.73, "query_begins": 100.74, "query_ends": 100.742,
}  # fmt: skip


def phases(moments: dict[str, float], *, has_engine: bool = False) -> StartPhases | None:
    return StartPhases.between(moments, started_s=100.0, ready_ms=700.0, first_response_ms=50.0, has_engine=has_engine)


def test_the_phases_add_up_to_the_whole_start():
    assert phases(MOMENTS) == StartPhases(
        engine_ms=None, spawn_ms=340.0, import_ms=60.0, setup_ms=200.0, load_ms=100.0, database_ms=12.0,
        response_ms=38.0, master_ms=None,
    )  # fmt: skip


def test_the_creation_of_a_container_is_a_phase_of_its_own():
    found = phases(MOMENTS, has_engine=True)

    assert (found.engine_ms, found.spawn_ms) == (300.0, 40.0)


def test_a_process_cannot_start_before_its_container():
    # The kernel rounds the start of a process down.
    found = phases(MOMENTS | {"process_started": 99.996}, has_engine=True)

    assert (found.engine_ms, found.spawn_ms) == (0.0, 340.0)


def test_a_database_used_while_loading_does_not_shorten_the_response():
    early = {"connect_begins": 100.61, "connect_ends": 100.63, "query_begins": 100.72, "query_ends": 100.725}

    found = phases(MOMENTS | early)

    assert (found.load_ms, found.database_ms, found.response_ms) == (80.0, 25.0, 45.0)


def test_a_start_without_the_database_has_no_such_phase():
    found = phases({name: moment for name, moment in MOMENTS.items() if "query" not in name and "connect" not in name})

    assert (found.database_ms, found.response_ms) == (None, 50.0)


def test_a_worker_splits_the_start_at_its_fork():
    found = phases(MOMENTS | {"forked": 100.38})

    assert (found.master_ms, found.worker_ms) == (380.0, pytest.approx(320.0))


@pytest.mark.parametrize(
    "changed",
    [
        {"first_line": 99.0},
        {"first_line": 5_000.0},
        {"setup_begins": 100.1},
        {"setup_ends": 100.8},
    ],
)
def test_moments_of_another_clock_are_not_phases(changed):
    assert phases(MOMENTS | changed) is None


def test_incomplete_moments_are_not_phases():
    assert phases({"first_line": 100.34}) is None


def reports(value: str = "1") -> StartReports:
    return StartReports({"WEBAPP_START_PHASES": value}, has_engine=False)


async def read(reports: StartReports, log: Path, offset: int = 0) -> StartPhases | None:
    return await reports.phases(log, offset=offset, started_s=100.0, ready_ms=700.0, first_response_ms=50.0)


async def test_the_first_report_after_the_offset_counts(tmp_path):
    log = tmp_path / "server.log"
    line = f"webapp: start {json.dumps(MOMENTS)}\n"
    earlier = f"webapp: start {json.dumps(MOMENTS | {'setup_ends': 100.5})}\n"
    log.write_text(f"{earlier}a warning\n{line}{earlier}")

    found = await read(reports(), log, offset=len(earlier))

    assert found.setup_ms == 200.0


async def test_a_line_that_is_still_being_written_is_awaited(tmp_path, monkeypatch):
    monkeypatch.setattr("django_runtimes.compare.targets.start_report._PATIENCE_S", 0.05)
    log = tmp_path / "server.log"
    log.write_text(f"webapp: start {json.dumps(MOMENTS)}")

    assert await read(reports(), log) is None


async def test_a_target_that_does_not_report_is_not_waited_for_again(tmp_path, monkeypatch):
    monkeypatch.setattr("django_runtimes.compare.targets.start_report._PATIENCE_S", 0.05)
    log = tmp_path / "server.log"
    log.write_text("a warning\n")
    silent = reports()
    assert await read(silent, log) is None

    log.write_text(f"webapp: start {json.dumps(MOMENTS)}\n")

    assert await read(silent, log) is None


async def test_a_line_that_is_not_a_report_gives_no_phases(tmp_path):
    log = tmp_path / "server.log"
    log.write_text('webapp: start {"first_line": "soon"}\n')

    assert await read(reports(), log) is None


async def test_without_the_variable_no_log_is_read(tmp_path):
    log = tmp_path / "server.log"
    log.write_text(f"webapp: start {json.dumps(MOMENTS)}\n")

    assert await read(reports(""), log) is None
