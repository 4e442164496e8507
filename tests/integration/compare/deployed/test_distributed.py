"""The workload as a Locust file, with one master and two workers on loopback."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from django_runtimes.cli.ports import free_port
from django_runtimes.cli.processes import bound_to_parent
from django_runtimes.compare.load.histogram import LatencyHistogram
from django_runtimes.compare.record.results import Run
from tests.integration.compare.comparison import APPLICATIONS
from tests.integration.compare.deployed.conftest import KEY
from tests.prerequisites import lack

pytestmark = pytest.mark.needs("nginx")

ROOT = Path(__file__).parents[4]
LOCUSTFILE = ROOT / "src/django_runtimes/compare/locustfile.py"
SILENT_WORKER = """
import gevent
from locust import User, task

class OpenLoopUser(User):
    @task
    def wait(self):
        gevent.sleep(60)
"""
OPTIONS = ("--workload", str(APPLICATIONS / "notes.toml"), "--rate", "40", "--block-s", "0.5")


def locust_program() -> Path:
    """Return Locust, from this environment or its own; without either skip the test, or fail it when CI=true."""
    program = Path(sys.prefix, "bin/locust")
    if program.exists():
        return program
    program = ROOT / ".venv-instruments/locust/bin/locust"
    if not program.exists():
        lack(".venv-instruments/locust is missing; run `make instruments`")
    return program


@contextmanager
def locust(
    *arguments: str, directory: Path, log: Path | None = None, file: Path = LOCUSTFILE, **variables: str
) -> Iterator[subprocess.Popen[str]]:
    """Run Locust, whose output goes to the log, or else to the process's `stdout`."""
    command = bound_to_parent([str(locust_program()), "-f", str(file), "--only-summary", *arguments])
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), **variables}
    with ExitStack() as stack:
        output = subprocess.PIPE if log is None else stack.enter_context(log.open("w"))
        process = stack.enter_context(
            subprocess.Popen(
                command,
                cwd=directory,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        stack.callback(process.kill)
        yield process


def run_locust(
    *arguments: str, directory: Path, of_workers: Sequence[dict[str, str]] = ({}, {}), **variables: str
) -> tuple[int, str]:
    """Run a master and its workers to their end; return the master's exit code and output.

    `of_workers` are variables of each worker, which replace those of the master.
    """
    port, workers = str(free_port()), len(of_workers)
    with ExitStack() as stack:
        master = stack.enter_context(
            locust(
                "--headless",
                "--master",
                "--expect-workers",
                str(workers),
                "--master-bind-host",
                "127.0.0.1",
                "--master-bind-port",
                port,
                *arguments,
                directory=directory,
                **variables,
            )
        )
        for own in of_workers:
            stack.enter_context(
                locust(
                    "--worker",
                    "--master-host",
                    "127.0.0.1",
                    "--master-port",
                    port,
                    directory=directory,
                    **{**variables, **own},
                )
            )
        output, _ = master.communicate(timeout=240)
    return master.returncode, output


def test_a_master_merges_the_histograms_of_two_workers(notes_service, tmp_path):
    exit_code, output = run_locust(
        *OPTIONS, "--blocks", "3", "--allow-writes", "--header", "X-Api-Key: $API_KEY",
        "--target", f"aws_ecs+a={notes_service.https}", "--target", f"aws_ecs+b={notes_service.https}",
        "--target", f"aws_ecs+c={notes_service.https}/absent",
        "--output", str(tmp_path / "report"), directory=tmp_path, API_KEY="sesame-5f2a",
        SSL_CERT_FILE=str(notes_service.authority),
    )  # fmt: skip

    assert (exit_code, (tmp_path / "report").is_dir()) == (1, True), output
    saved = (tmp_path / "report" / "run.json").read_text()
    run = Run.from_json(saved)
    assert run.environment["generator"]["workers"] == 2
    assert run.environment["interrupted"] is False
    first, second, absent = run.targets
    assert "expected 200, got 404" in absent.error
    for target in (first, second):
        assert (target.label, target.status, target.connections.peak) == ("deployed", "measured", None)
        assert [(each.name, each.rate_rps) for each in target.scenarios] == [("read", 40), ("write", 40)]
        # The blocks before the counted ones write too.
        assert target.acknowledged_writes >= target.scenarios[1].ok > 0
        for scenario in target.scenarios:
            assert scenario.ok + sum(scenario.errors.values()) == scenario.sent > 0
            assert len(scenario.blocks) >= 3
            for block in scenario.blocks:
                # Both workers sent a part, and each histogram has every answer.
                assert LatencyHistogram.decoded(block.histogram).count == block.ok
                assert LatencyHistogram.decoded(block.histogram_from_send).count == block.ok
        # About 40 a second in half a second, from both workers together.
        assert 5 <= first.scenarios[0].sent / len(first.scenarios[0].blocks) <= 50
    assert "sesame-5f2a" not in output + saved


def test_the_workers_ask_for_cold_starts_and_connections(notes_service, tmp_path):
    exit_code, output = run_locust(
        *OPTIONS, "--blocks", "2", "--header", "X-Forwarded-Proto: https",
        "--target", f"aws_ecs={notes_service.http}", "--target", f"aws_lambda={notes_service.http}",
        "--output", str(tmp_path / "report"), directory=tmp_path, WEBAPP_MEASUREMENT_KEY=KEY,
    )  # fmt: skip

    assert (exit_code, (tmp_path / "report").is_dir()) == (1, True), output
    saved = (tmp_path / "report" / "run.json").read_text()
    container, misnamed = Run.from_json(saved).targets
    assert container.status == "measured"
    assert 1 <= container.connections.peak <= 8
    assert container.connections.opened >= 0
    assert container.connections.waits > 0
    assert all(scenario.connections.opened >= 0 for scenario in container.scenarios)
    assert container.cold_start_ms.n == 0
    assert container.resources.cpu_ms_per_request > 0
    assert any("of its processes reported their connections" in note for note in container.notes)
    assert misnamed.error.startswith("its service reports the runtime 'aws_ecs', and the target's name says")
    assert KEY not in output + saved


@pytest.mark.parametrize(
    ("key", "problem"),
    [(KEY, "set on the master and not on 1 of 2 workers"), ("", "set on 1 of 2 workers and not on the master")],
)
def test_a_key_that_is_not_set_everywhere_ends_the_run(tmp_path, key, problem):
    exit_code, output = run_locust(
        *OPTIONS, "--target", "aws_ecs=http://127.0.0.1:1", "--output", str(tmp_path / "report"),
        directory=tmp_path, of_workers=[{"WEBAPP_MEASUREMENT_KEY": KEY}, {"WEBAPP_MEASUREMENT_KEY": ""}],
        **({"WEBAPP_MEASUREMENT_KEY": key} if key else {}),
    )  # fmt: skip

    assert exit_code == 2, output
    assert f"webapp compare: WEBAPP_MEASUREMENT_KEY is {problem}; set the same key" in output
    assert not (tmp_path / "report").exists()
    assert KEY not in output


def wait_for(text: str, log: Path, master: subprocess.Popen[str]) -> None:
    """Wait until the master has written the text to its log."""
    deadline = time.monotonic() + 240
    while text not in log.read_text():
        assert master.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def test_ctrl_c_keeps_the_measurements(notes_service, tmp_path):
    port, log = str(free_port()), tmp_path / "master.log"
    master_options = (
        "--headless", "--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port, *OPTIONS,
        "--blocks", "1000", "--header", "X-Forwarded-Proto: https", "--target", f"aws_ecs={notes_service.http}",
        "--output", str(tmp_path / "report"),
    )  # fmt: skip
    with (
        locust(*master_options, directory=tmp_path, log=log) as master,
        locust("--worker", "--master-host", "127.0.0.1", "--master-port", port, directory=tmp_path),
    ):
        wait_for("webapp compare: round 1:", log, master)
        master.send_signal(signal.SIGINT)
        master.wait(timeout=240)

    assert master.returncode == 130, log.read_text()
    run = Run.from_json((tmp_path / "report" / "run.json").read_text())
    assert (run.environment["interrupted"], run.environment["generator"]["workers"]) == (True, 1)
    assert run.targets[0].scenarios[0].blocks


def test_ctrl_c_before_the_first_block_ends_without_a_report(tmp_path):
    # It does not answer the master's challenge, for which the master waits 30 s.
    silent_worker = tmp_path / "silent_worker.py"
    silent_worker.write_text(SILENT_WORKER)
    port, log = str(free_port()), tmp_path / "master.log"
    master_options = (
        "--headless", "--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port, *OPTIONS,
        "--target", "aws_ecs=http://127.0.0.1:1", "--output", str(tmp_path / "report"),
    )  # fmt: skip
    with (
        locust(*master_options, directory=tmp_path, log=log) as master,
        locust("--worker", "--master-host", "127.0.0.1", "--master-port", port, directory=tmp_path, file=silent_worker),
    ):
        wait_for("webapp compare: workers: 1", log, master)
        master.send_signal(signal.SIGINT)
        master.wait(timeout=240)

    assert master.returncode == 130, log.read_text()
    assert not (tmp_path / "report").exists()


def test_a_worker_that_stands_still_is_waited_for(notes_service, tmp_path):
    port, log = str(free_port()), tmp_path / "master.log"
    master_options = (
        "--headless", "--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port, *OPTIONS,
        "--blocks", "2", "--header", "X-Forwarded-Proto: https", "--target", f"aws_ecs={notes_service.http}",
        "--output", str(tmp_path / "report"),
    )  # fmt: skip
    with (
        locust(*master_options, directory=tmp_path, log=log) as master,
        locust("--worker", "--master-host", "127.0.0.1", "--master-port", port, directory=tmp_path) as worker,
    ):
        wait_for("1 workers connected", log, master)
        worker.send_signal(signal.SIGSTOP)
        # By default Locust gives up a worker after 3 s.
        time.sleep(6)
        worker.send_signal(signal.SIGCONT)
        master.wait(timeout=240)

    assert "missing" not in log.read_text()
    assert Run.from_json((tmp_path / "report" / "run.json").read_text()).targets[0].scenarios[0].blocks


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--target", "aws_ecs/pool/direct"], "Locust measures only deployed targets"),
        (["--target", "aws_ecs=http://127.0.0.1:1", "--rate", "60"], "exceeds --max-rate, the limit of 50"),
        (["--target", "aws_ecs=https://192.0.2.7"], "Standard input is not a terminal; add --yes"),
        ([], "Locust measures only deployed targets; name each as --target"),
    ],
)
def test_unusable_options_end_the_master(tmp_path, arguments, complaint):
    bound_to = ("--master-bind-host", "127.0.0.1", "--master-bind-port", str(free_port()))
    with locust("--headless", "--master", *bound_to, *OPTIONS, *arguments, directory=tmp_path) as master:
        output, _ = master.communicate(timeout=120)

    assert master.returncode == 2
    assert complaint in output.splitlines()[-1]
