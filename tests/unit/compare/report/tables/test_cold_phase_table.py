from dataclasses import replace

from django_runtimes.compare.record.results import Run, TargetResult
from django_runtimes.compare.report.tables.cold_phase_table import cold_phase_table
from django_runtimes.compare.targets.cold_starts import ColdStarts
from django_runtimes.compare.targets.start_report import StartPhases
from tests.unit.compare.report.rendering import render_html, render_markdown

PROCESS = StartPhases(
    engine_ms=None, spawn_ms=40.0, import_ms=60.0, setup_ms=200.0, load_ms=60.0, database_ms=20.0, response_ms=20.0,
    master_ms=None,
)  # fmt: skip


def target(name: str, starts: tuple[StartPhases | None, ...], *, ready_ms: tuple[float, ...]) -> TargetResult:
    runtime, strategy, route = name.split("/")
    empty = TargetResult.failed(name=name, runtime=runtime, strategy=strategy, route=route, label="emulated", error="")
    cold = ColdStarts.of_phases(ready_ms, tuple(40.0 for _ in ready_ms), starts)
    return replace(empty, status="measured", error=None, cold_start_ms=cold)


def of(*targets: TargetResult) -> Run:
    return Run({"workload": "guestbook", "aa_pairs": []}, targets)


def test_each_phase_has_its_median_and_share():
    slower = replace(PROCESS, setup_ms=220.0)
    starts = (PROCESS, slower, PROCESS, PROCESS, slower, PROCESS)

    table = cold_phase_table(
        of(target("aws_lambda/per_request/proxy", starts, ready_ms=(360.0, 380.0, 350.0, 370.0, 390.0, 365.0)))
    )

    assert table.columns == (
        "target", "label", "starts", "p50", "95 % interval", "spawn", "import", "django.setup()", "until ready",
        "database", "response",
    )  # fmt: skip
    assert table.rows == (
        (
            "aws_lambda/per_request/proxy", "emulated", "6", "408", "390 to 430", "40.0 (10%)", "60.0 (15%)",
            "200 (50%)", "60.0 (15%)", "20.0 (5%)", "20.0 (5%)",
        ),
    )  # fmt: skip
    assert any("are not AWS's cold starts" in note for note in table.notes)


def test_fewer_than_six_starts_have_no_interval():
    table = cold_phase_table(of(target("aws_lambda/per_request/proxy", (PROCESS,) * 5, ready_ms=(360.0,) * 5)))

    assert table.rows[0][3:5] == ("400", "-")


def test_only_containers_of_an_image_have_a_column_for_the_engine():
    in_container = replace(PROCESS, engine_ms=300.0, spawn_ms=30.0, database_ms=None)

    table = cold_phase_table(
        of(
            target("aws_ecs/pool/direct", (in_container,), ready_ms=(650.0,)),
            target("aws_lambda/per_request/proxy", (PROCESS,), ready_ms=(360.0,)),
        )
    )

    assert table.columns[5] == "container"
    assert [row[5] for row in table.rows] == ["300 (45%)", "-"]
    # Its first request did not use the database.
    assert table.rows[0][10] == "-"


def test_a_server_has_a_note_on_its_master_and_its_worker():
    forked = replace(PROCESS, master_ms=70.0)

    table = cold_phase_table(of(target("aws_ecs/pool/direct", (forked, forked), ready_ms=(360.0, 360.0))))

    assert table.notes[-1] == (
        "aws_ecs/pool/direct: the master took 70.0 ms until it forked the worker that answered first, and that worker "
        "took 290 ms from there until it was ready."
    )


def test_starts_without_a_report_are_left_out():
    reported = target("aws_lambda/per_request/proxy", (PROCESS, None), ready_ms=(360.0, 360.0))
    silent = target("aws_ecs/pool/direct", (None, None), ready_ms=(360.0, 360.0))

    table = cold_phase_table(of(reported, silent))

    assert [row[0] for row in table.rows] == ["aws_lambda/per_request/proxy"]
    assert cold_phase_table(of(silent)) is None
    assert "Phases of a cold start" not in render_markdown(of(silent))
    for text in (render_markdown(of(reported)), render_html(of(reported))):
        assert "Phases of a cold start, in ms" in text


def test_a_saved_run_keeps_the_phases():
    run = of(target("aws_lambda/per_request/proxy", (PROCESS, None), ready_ms=(360.0, 360.0)))

    assert Run.from_json(run.to_json()).targets[0].cold_start_ms.phases.split == (PROCESS, None)
