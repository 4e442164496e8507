"""`webapp compare --image` measures the image in containers, which end with the comparison."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from django_runtimes.cli.progress import Progress
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.containers.container_freezer import ContainerFreezer
from django_runtimes.compare.containers.containers import Containers
from django_runtimes.compare.containers.image import find_image
from django_runtimes.compare.containers.probe import probe_image
from django_runtimes.compare.containers.usable_engines import usable_engines
from django_runtimes.compare.emulator.container_limits import ContainerLimits
from django_runtimes.compare.plan.comparison_plan import quick_plan
from django_runtimes.compare.report.tables.cold_phase_table import cold_phase_table
from django_runtimes.compare.run.comparison import run_comparison
from django_runtimes.compare.targets.name import TargetName
from tests.guestbook import guestbook_workload
from tests.image.podman import ENVIRON, build, podman

LAMBDA, CONTAINER = "aws_lambda/per_request/proxy", "aws_ecs/pool/direct"
OWNER_LABEL = "django_runtimes.compare.owner"
LIMITS = ContainerLimits(1.0, 256)
TICKING = "import itertools, time\nfor count in itertools.count():\n    print(count, flush=True)\n    time.sleep(0.01)"


@contextmanager
def comparison(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("WEBAPP_", "DATABASE_URL"))}
    with subprocess.Popen(
        [sys.executable, "-m", "webapp", "compare", "--quick", *arguments],
        env=environ | ENVIRON,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            # The comparison's child processes end with it.
            process.kill()


def containers_of(owner: str) -> list[str]:
    """Return the IDs of the containers whose owner label starts with `owner`."""
    template = f'{{{{.ID}}}} {{{{index .Labels "{OWNER_LABEL}"}}}}'
    listed = podman("ps", "--all", "--filter", f"label={OWNER_LABEL}", "--format", template)
    return [line.split()[0] for line in listed.splitlines() if line.split()[1].startswith(owner)]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "the condition is not met within 120 s"
        time.sleep(0.02)


def is_silent(log: Path) -> bool:
    """Return whether nothing is written for half a second, in which the program would write 50 lines."""
    before = log.stat().st_size
    time.sleep(0.5)
    return log.stat().st_size == before


@pytest.fixture
def engine_environ(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set podman's storage of these tests for this process and its child processes."""
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def containers(image: str, engine_environ: None, tmp_path: Path) -> Iterator[Containers]:
    with Containers(find_image(image, usable_engines()), tmp_path) as made:
        yield made


def test_an_image_is_measured_on_two_runtimes_within_its_limits(image, engine_environ):
    targets = (TargetName.parse(LAMBDA), TargetName.parse(CONTAINER))
    plan = replace(
        quick_plan(guestbook_workload()),
        image=image,
        targets=targets,
        rates_rps={"read": (20.0,), "write": (20.0,)},
        burst_size=6,
    )

    with Progress(io.StringIO()) as progress:
        run = run_comparison(plan, progress)

    for target in run.targets:
        assert (target.label, target.status, target.error) == ("emulated", "measured", None)
        assert target.acknowledged_writes + target.ambiguous.committed == target.rows_found > 0
        assert target.cold_start_ms.n == 2
        for phases in target.cold_start_ms.phases.split:
            assert phases is not None
            parts_ms = (phases.engine_ms, phases.spawn_ms, phases.import_ms, phases.setup_ms, phases.load_ms)
            assert min(*parts_ms, phases.database_ms, phases.response_ms) > 0
        assert target.resources.cpu_ms_per_request > 0
        # A Django process needs at least this, and the limit is 2,048 MB.
        assert 30 < target.resources.peak_rss_mb < 2_048
        assert target.pins.statements > 0
        assert target.connections.waits > 0
    assert [target.cold_start_ms.phases.split[0].master_ms is None for target in run.targets] == [True, False]
    # On the direct route the pool resets a session in which the application ran SQL of its own.
    assert [target.pins.rules for target in run.targets] == [{}, {"discard": 12}]
    shown = cold_phase_table(run)
    assert "container" in shown.columns
    assert [row[0] for row in shown.rows] == [LAMBDA, CONTAINER]
    assert "-" not in {cell for row in shown.rows for cell in row[5:]}
    assert [scenario.name for scenario in run.targets[0].scenarios] == ["read", "write", "burst", "burst_cold"]
    recorded = run.environment["image"]
    assert recorded["reference"] == image
    assert recorded["id"] == podman("image", "inspect", "--format", "{{.Id}}", image)
    assert recorded["engine"].startswith("podman ")
    assert recorded["container_start_ms"] > 0
    assert run.environment["packages"]["django"].startswith("5.2.")
    assert run.environment["targets"][LAMBDA]["limits"] == "1 CPU and 1,769 MB"
    assert run.environment["targets"][LAMBDA]["freezer"] == "cgroup v2 of the container"
    assert run.environment["targets"][LAMBDA]["execution environments failed"] == "0"
    assert run.environment["targets"][CONTAINER]["limits"] == "1 CPU and 2,048 MB"
    assert containers_of(f"{os.getpid()}-") == []


def test_containers_have_limits_and_end_with_a_comparison_that_is_killed(image, tmp_path):
    with comparison(
        *("--image", image, "--target", "aws_lambda/per_request/direct", "--target", CONTAINER, "--rate", "20"),
        *("--output", str(tmp_path / "report")),
    ) as process:
        for line in process.stderr:
            if line.startswith("steady load"):
                break
        running = containers_of(f"{process.pid}-")
        template = "{{.HostConfig.NanoCpus}} {{.HostConfig.Memory}} {{.HostConfig.ReadonlyRootfs}}"
        limits = {podman("inspect", "--format", template, identifier) for identifier in running}

        process.kill()
        process.communicate()

    assert limits == {f"1000000000 {1_769 << 20} true", f"1000000000 {2_048 << 20} true"}
    until(lambda: containers_of(f"{process.pid}-") == [])


def test_containers_of_a_killed_comparison_are_removed_by_the_next(image, containers, tmp_path):
    # No process has ever had this ID and this start time.
    podman(
        *("run", "--detach", "--rm", "--label", f"{OWNER_LABEL}={os.getpid()}-1", "--network=host"),
        *("--entrypoint", "sleep", image, "600"),
    )
    assert containers_of(f"{os.getpid()}-1") != []

    with Containers(containers.image, tmp_path):
        assert containers_of(f"{os.getpid()}-1") == []


def test_a_frozen_container_pauses_and_can_be_killed(containers, tmp_path):
    log = tmp_path / "ticking.log"
    process = containers.start(["-c", TICKING], {}, limits=LIMITS, log=log, entrypoint="python")
    freezer = ContainerFreezer(containers)
    freezer.adopt(process.pid)
    until(lambda: log.read_text().count("\n") > 3)

    freezer.freeze(process.pid)
    # The container engine writes the log with a delay.
    until(lambda: is_silent(log))
    frozen = log.read_text()
    freezer.thaw(process.pid)
    until(lambda: len(log.read_text()) > len(frozen))
    freezer.freeze(process.pid)
    freezer.kill(process.pid)

    assert process.wait(120) == 137
    freezer.release(process.pid)
    assert freezer.name == "cgroup v2 of the container"


def test_a_container_that_ignores_sigterm_is_killed(containers, tmp_path):
    log = tmp_path / "ticking.log"
    # The kernel ignores a signal to a container's first process unless the process handles it.
    process = containers.start(["-c", TICKING], {}, limits=LIMITS, log=log, entrypoint="python")
    until(lambda: log.read_text() != "")

    containers.stop(process)

    until(lambda: containers_of(f"{os.getpid()}-") == [])


def test_a_variable_reaches_the_container_but_no_command_line(containers, tmp_path):
    log = tmp_path / "variables.log"
    script = "import os, time; print(os.environ['SECRET'], os.environ['PATH'], flush=True); time.sleep(600)"

    process = containers.start(["-c", script], {"SECRET": "hush"}, limits=LIMITS, log=log, entrypoint="python")
    until(lambda: log.read_text() != "")
    command_line = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    containers.stop(process)

    assert log.read_text().startswith("hush /opt/venv/bin:")
    assert b"--env=SECRET" in command_line
    assert b"hush" not in command_line


def test_an_image_that_does_not_start_is_reported_in_one_line(image, engine_environ, tmp_path):
    (tmp_path / "Dockerfile").write_text(f"FROM {image}\nENV PATH=/nowhere\n")
    not_starting = build(context=tmp_path)
    try:
        with (
            Containers(find_image(not_starting, usable_engines()), tmp_path) as containers,
            pytest.raises(CompareError, match=r"^the image '.*' does not start: .*\"python\".*; rebuild it") as error,
        ):
            probe_image(containers)
        assert "\n" not in str(error.value)
    finally:
        podman("rmi", "--force", not_starting)
