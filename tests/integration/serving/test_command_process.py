"""Commands that behave well, and commands that crash, hang, or flood their output."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from django_runtimes.serving.aws_lambda import command_process
from django_runtimes.serving.aws_lambda.command_process import GRACE_S, CommandEnding, run_command
from tests.integration.compare.process_tree import is_alive

pytestmark = pytest.mark.profile_free

# Far above the time that any command here takes on a busy machine.
LIMIT_S = 60.0


@pytest.fixture(autouse=True)
def _all_output(request, monkeypatch):
    """Wait for the last output as long as a busy machine needs, unless a process keeps the output open."""
    if "detached" not in request.node.name:
        monkeypatch.setattr(command_process, "_LAST_OUTPUT_S", LIMIT_S)


def run(source: str, *, time_limit_s: float = LIMIT_S, kept_bytes: int = 1_000_000) -> CommandEnding:
    argv = [sys.executable, "-c", textwrap.dedent(source)]
    return run_command(argv, time_limit_s=time_limit_s, kept_bytes=kept_bytes)


def wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + LIMIT_S
    while is_alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_both_streams_are_returned_in_order_and_logged(capfd, monkeypatch):
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)

    outcome = run("""
        import sys
        for number in range(3):
            print("out", number)
            print("err", number, file=sys.stderr)
    """)

    assert outcome == CommandEnding(0, "out 0\nerr 0\nout 1\nerr 1\nout 2\nerr 2\n", 0, is_stopped=False)
    assert capfd.readouterr().err == outcome.output


@pytest.mark.parametrize(
    ("source", "exit_code"),
    [
        ("import sys; sys.exit(75)", 75),
        ("import os; os._exit(3)", 3),
        ("raise SystemExit('why')", 1),
        ("1 / 0", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 137),
        ("import os; os.abort()", 134),
    ],
)
def test_every_way_to_end_gives_an_exit_code(source, exit_code):
    assert run(source).exit_code == exit_code


def test_invalid_utf_8_is_replaced(capfd):
    outcome = run(r"import sys; sys.stdout.buffer.write(b'a\xff\x00\xc3\xbc\n')")

    assert outcome.output == "a\ufffd\0ü\n"


def test_only_the_end_of_long_output_is_kept(capfd):
    outcome = run("for number in range(300_000): print(f'{number:9}')", kept_bytes=1_000)

    assert outcome.output.endswith("   299998\n   299999\n")
    assert (len(outcome.output), outcome.dropped_bytes) == (1_000, 3_000_000 - 1_000)
    assert capfd.readouterr().err.count("\n") == 300_000


def test_an_endless_line_does_not_fill_the_memory(capfd):
    outcome = run("import sys; sys.stdout.write('x' * 3_000_000)", kept_bytes=10)

    assert (outcome.output, outcome.dropped_bytes) == ("x" * 10, 2_999_990)


def test_a_command_has_no_standard_input():
    assert "EOFError" in run("input('Are you sure? ')").output


def test_a_command_that_takes_too_long_may_clean_up(monkeypatch):
    monkeypatch.setattr(command_process, "GRACE_S", LIMIT_S)
    outcome = run(
        """
        import signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        print("began")
        try:
            time.sleep(600)
        finally:
            print("cleaned up")
        """,
        time_limit_s=8.0,
    )

    assert outcome == CommandEnding(124, "began\ncleaned up\n", 0, is_stopped=True)


def test_a_command_that_ignores_sigterm_is_killed():
    began = time.monotonic()
    outcome = run(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('began'); time.sleep(600)",
        time_limit_s=8.0,
    )

    assert outcome == CommandEnding(124, "began\n", 0, is_stopped=True)
    assert time.monotonic() - began >= 8.0 + GRACE_S


@pytest.mark.parametrize("ending", ["", "time.sleep(600)"], ids=["by itself", "stopped"])
def test_a_commands_children_end_with_it(ending):
    outcome = run(
        f"""
        import subprocess, sys, time
        print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid)
        {ending}
        """,
        time_limit_s=8.0 if ending else LIMIT_S,
    )

    wait_for_end(int(outcome.output))


def test_a_detached_child_hardly_delays_the_result(tmp_path):
    began = time.monotonic()
    outcome = run(f"""
        import pathlib, subprocess, sys
        argv = [sys.executable, "-c", "import time; time.sleep(600)"]
        child = subprocess.Popen(argv, start_new_session=True)
        pathlib.Path("{tmp_path}/pid").write_text(str(child.pid))
    """)

    try:
        assert time.monotonic() - began < 300
        assert outcome.exit_code == 0
    finally:
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def test_a_command_dies_with_the_process_that_runs_it():
    runner = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from django_runtimes.serving.aws_lambda.command_process import run_command;"
            "run_command([sys.executable, '-c', 'import os, time; print(os.getpid()); time.sleep(600)'],"
            "time_limit_s=600, kept_bytes=1)",
        ],
        stderr=subprocess.PIPE,
    )
    with runner:
        pid = int(runner.stderr.readline())
        runner.kill()

    wait_for_end(pid)
