"""Runs `webapp compare` as users do."""

import json
import signal
import subprocess

import pytest

from django_runtimes.compare.record.results import Run
from tests.guestbook import WORKLOAD
from tests.integration.compare.comparison import APPLICATIONS, CONTAINER, MAIN, SHORT, compare, comparison
from tests.integration.compare.process_tree import descendants, remaining

LAMBDA = "aws_lambda/per_request/proxy"


def wait_for_line(process: subprocess.Popen, beginning: str) -> None:
    for line in process.stderr:
        if line.startswith(beginning):
            return
    pytest.fail(f"the comparison ended before it printed {beginning!r}")


@pytest.mark.needs("pgbouncer")
def test_two_targets_are_measured_side_by_side(tmp_path):
    exit_code, output, errors = compare(
        *SHORT, "--target", LAMBDA, "--target", CONTAINER, "--output", str(tmp_path / "report")
    )

    assert exit_code == 0, errors
    run = json.loads((tmp_path / "report" / "run.json").read_text())
    assert run["schema"] == 2
    assert [target["name"] for target in run["targets"]] == [LAMBDA, CONTAINER]
    for target in run["targets"]:
        assert (target["label"], target["status"]) == ("emulated", "measured")
        assert target["acknowledged_writes"] + target["ambiguous"]["committed"] == target["rows_found"] > 0
        assert target["cold_start_ms"]["n"] == 2
        assert target["connections"]["peak"] >= 1
        assert target["connections"]["opened"] >= 1
        for scenario in target["scenarios"]:
            assert scenario["ok"] + sum(scenario["errors"].values()) == scenario["sent"] > 0
            assert scenario["latency_ms"]["p99"] is None
            assert scenario["latency_ms"]["p50"] <= scenario["latency_ms"]["max"]
    scenarios = [[(each["name"], each["rate_rps"]) for each in target["scenarios"]] for target in run["targets"]]
    assert scenarios[0] == [("read", 20), ("write", 20), ("burst", None), ("burst_cold", None)]
    assert scenarios[1] == [("read", 20), ("write", 20), ("burst", None)]
    assert run["targets"][0]["usage"]["duration_ms"] > 0
    assert set(run["targets"][1]["usage"]) == {"stream_s", "stream_mb"}
    for target in run["targets"]:
        (stream,) = target["streams"]
        assert stream["name"] == "export"
        # Only some may fit into the time.
        assert stream["sent"] == len(stream["last_byte_ms"]) <= 6
        assert stream["errors"] == {}
    assert run["environment"]["plan"]["streams"] == 6
    assert run["environment"]["pgbouncer"]["pool_mode"] == "transaction"
    assert run["environment"]["targets"][LAMBDA]["detected by"] == "WEBAPP_RUNTIME=aws_lambda"
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == [
        "decision.md",
        "report.html",
        "report.md",
        "run.json",
    ]
    assert LAMBDA in output
    assert "emulated" in output
    assert str(tmp_path / "report") in errors


def test_another_application_can_be_compared(tmp_path):
    exit_code, output, errors = compare(
        *SHORT, "--workload", str(APPLICATIONS / "notes.toml"), "--target", CONTAINER, "--json",
        "--output", str(tmp_path / "report"), "--fail-if", "* connections > 1000",
    )  # fmt: skip

    assert exit_code == 0, errors
    for name in ("report.html", "report.md"):
        assert "connections &gt; 1000" in (tmp_path / "report" / name).read_text().replace(" > ", " &gt; ")
    run = Run.from_json(output)
    assert run.environment["workload"] == "notes"
    assert run.targets[0].rows_found == run.targets[0].acknowledged_writes > 0


def test_rows_that_were_never_sent_fail_the_target(tmp_path):
    exit_code, output, _ = compare(
        *SHORT, "--workload", str(APPLICATIONS / "notes_twice.toml"), "--target", CONTAINER, "--json",
        "--output", str(tmp_path / "report"),
    )  # fmt: skip

    assert exit_code == 1
    target = Run.from_json(output).targets[0]
    assert target.status == "failed"
    assert "keys found in rows but never sent" in target.error
    assert target.rows_found == 2 * target.acknowledged_writes


def test_without_pgbouncer_only_the_proxy_targets_fail(tmp_path):
    without_pgbouncer = (
        "from django_runtimes.cli import processes; find = processes.find_program\n"
        "processes.find_program = lambda name: None if name == 'pgbouncer' else find(name)\n"
        f"{MAIN}"
    )

    exit_code, output, _ = compare(
        *SHORT, "--target", LAMBDA, "--target", CONTAINER, "--json", "--output", str(tmp_path / "report"),
        source=without_pgbouncer,
    )  # fmt: skip

    assert exit_code == 1
    proxied, direct = Run.from_json(output).targets
    assert (proxied.status, direct.status) == ("failed", "measured")
    assert "run `make setup` or install the package pgbouncer" in proxied.error


def test_only_the_targets_that_cannot_start_fail(tmp_path):
    (tmp_path / "halfway.py").write_text(
        "import os\n"
        "from webapp.settings import *\n"
        "if os.environ.get('WEBAPP_RUNTIME') in {'aws_app_runner', 'aws_lambda'}:\n"
        "    raise RuntimeError('this application runs on ECS alone')\n"
    )
    workload = tmp_path / "halfway.toml"
    guestbook = WORKLOAD.read_text().replace(
        "[application]", '[application]\nsettings_module = "halfway"\npython_path = "."'
    )
    workload.write_text(guestbook)

    exit_code, output, _ = compare(
        *SHORT, "--workload", str(workload), "--target", "aws_app_runner/pool/direct",
        "--target", "aws_lambda/per_request/direct", "--target", CONTAINER, "--json",
        "--output", str(tmp_path / "report"),
    )  # fmt: skip

    assert exit_code == 1
    app_runner, function, ecs = Run.from_json(output).targets
    assert (app_runner.status, function.status, ecs.status) == ("failed", "failed", "measured")
    assert "this application runs on ECS alone" in app_runner.error
    assert "this application runs on ECS alone" in function.error


def test_an_unreachable_database_is_reported_and_leaves_no_report(tmp_path):
    exit_code, output, errors = compare(
        "--quick", "--database-url", "postgresql://app:hunter2@127.0.0.1:1/app", "--output", str(tmp_path / "report")
    )

    assert exit_code == 1
    assert output == ""
    assert "hunter2" not in errors
    assert errors.splitlines()[-1].startswith("webapp compare: the PostgreSQL server of --database-url")
    assert list(tmp_path.iterdir()) == []


def test_missing_settings_are_reported_and_leave_no_report(tmp_path):
    workload = tmp_path / "broken.toml"
    workload.write_text((APPLICATIONS / "notes.toml").read_text().replace("notes.settings", "absent.settings")
                        .replace('python_path = "."\n', ""))  # fmt: skip

    exit_code, _, errors = compare("--quick", "--workload", str(workload), "--output", str(tmp_path / "report"))

    assert exit_code == 1
    assert errors.splitlines()[-1].startswith(
        "webapp compare: the settings absent.settings are not found: there is no module 'absent'"
    )
    assert not (tmp_path / "report").exists()


# Prints a line after each block. The steady load lasts far longer than a machine that is slow or stands still delays
# the interruption, and no budget ends before the steady load begins.
NOTING_BLOCKS = f"""
import sys
from dataclasses import replace
from django_runtimes.compare.plan import comparison_plan

patient_plan = comparison_plan.quick_plan
comparison_plan.quick_plan = lambda workload: replace(patient_plan(workload), pairs=1_000)

from django_runtimes.compare.run.measurement import Measurement

sampled = Measurement._sampled

async def sampled_and_noted(*arguments):
    await sampled(*arguments)
    print("a block has ended", file=sys.stderr, flush=True)

Measurement._sampled = sampled_and_noted
{MAIN}
"""


def test_ctrl_c_leaves_no_process_and_keeps_the_results(tmp_path):
    arguments = (*SHORT, "--target", CONTAINER, "--output", str(tmp_path / "report"))
    with comparison(*arguments, source=NOTING_BLOCKS) as process:
        wait_for_line(process, "steady load")
        wait_for_line(process, "a block has ended")
        children = descendants(process.pid)

        process.send_signal(signal.SIGINT)
        process.communicate(timeout=240)

    assert process.returncode == 130
    assert children
    assert remaining(children) == set()
    run = Run.from_json((tmp_path / "report" / "run.json").read_text())
    assert run.environment["interrupted"] is True
    # The order of the scenarios is random.
    assert any(scenario.blocks for scenario in run.targets[0].scenarios if scenario.rate_rps is not None)


def test_a_killed_comparison_leaves_no_process(tmp_path, tmp_path_factory, monkeypatch):
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(temporary))
    targets = (*SHORT, "--target", CONTAINER, "--target", "aws_lambda/per_request/direct")
    with comparison(*targets, "--output", str(tmp_path / "r")) as process:
        wait_for_line(process, "warming up")
        children = descendants(process.pid)

        process.kill()
        process.communicate()

    assert len(children) > 5
    assert remaining(children) == set()
    assert list(tmp_path.iterdir()) == []
    # The next run removes these.
    assert {path.name[: len("webapp-service-")] for path in temporary.iterdir()} == {"webapp-service-"}


@pytest.mark.parametrize(
    ("keys_sql", "complaint"),
    [
        ("SELECT nothing FROM notes_note", 'failed: column "nothing" does not exist; fix it in the workload'),
        ("SELECT key, text FROM notes_note", "must return one column, the rows' keys"),
        ("SELECT username FROM accounts_user", None),
        ("SELECT codename FROM auth_permission", "rows before anything was sent"),
    ],
)
def test_sql_that_cannot_find_the_rows_is_refused(tmp_path, keys_sql, complaint):
    workload = tmp_path / "notes.toml"
    notes = (APPLICATIONS / "notes.toml").read_text().replace('python_path = "."', f'python_path = "{APPLICATIONS}"')
    workload.write_text(notes.replace("SELECT key FROM notes_note", keys_sql))

    exit_code, _, errors = compare(
        *SHORT, "--workload", str(workload), "--target", CONTAINER, "--output", str(tmp_path / "report")
    )

    assert exit_code == 1
    if complaint is None:
        # The query runs but finds none of the rows: the target fails, and reports the acknowledged writes.
        target = Run.from_json((tmp_path / "report" / "run.json").read_text()).targets[0]
        assert "acknowledged writes without a row" in target.error
        assert target.acknowledged_writes > target.rows_found == 0
    else:
        assert complaint in errors.splitlines()[-1]
        assert not (tmp_path / "report").exists()
