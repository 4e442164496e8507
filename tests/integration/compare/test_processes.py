"""Child processes end with their parent, or when they are stopped."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from django_runtimes.cli import ports, processes
from tests.integration.compare.process_tree import Script, descendants, remaining

_PARENT = """
import os, sys, time
from pathlib import Path
from django_runtimes.cli import processes

child = [sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"]
processes.spawn(child, environ=os.environ, log=Path(os.devnull))
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def log(tmp_path):
    return tmp_path / "child.log"


def _spawn(source, log):
    return processes.spawn([sys.executable, "-c", source], environ=os.environ, log=log)


@pytest.mark.needs("setpriv")
def test_a_child_dies_when_its_parent_is_killed():
    with Script(_PARENT) as parent:
        assert parent.line() == "ready"
        children = descendants(parent.process.pid)
        assert children

        parent.kill()

        assert remaining(children) == set()


@pytest.mark.needs("setpriv")
def test_a_child_does_not_start_when_its_parent_is_killed_at_once():
    source = """
import os, signal
from pathlib import Path
from django_runtimes.cli import processes

child = processes.spawn(["sleep", "600"], environ={}, log=Path(os.devnull))
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    for _ in range(10):
        with Script(source) as parent:
            assert remaining({int(parent.line())}) == set()


def test_a_child_gets_only_the_given_environment(log):
    child = processes.spawn(["env"], environ={"PATH": os.defpath, "STAGE": "dev"}, log=log)
    child.wait()

    # Where sh is bash, it sets SHLVL.
    assert set(log.read_text().splitlines()) - {"SHLVL=0"} == {f"PATH={os.defpath}", "STAGE=dev"}


def test_a_child_that_ignores_the_signal_is_killed_after_the_grace(log):
    ignore = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    source = f"{ignore}; print('ready', flush=True); time.sleep(600)"
    child = _spawn(source, log)
    assert processes.wait_until(child, lambda: "ready" in log.read_text(), timeout_s=30)

    processes.stop(child, grace_s=0.2)

    assert child.returncode == -signal.SIGKILL


def test_a_childs_own_children_end_with_the_child(log):
    child = _spawn("import subprocess; subprocess.run(['sleep', '600'])", log)
    assert processes.wait_until(child, lambda: bool(descendants(child.pid)), timeout_s=30)
    grandchildren = descendants(child.pid)

    processes.stop(child)

    assert remaining(grandchildren) == set()


def test_stopping_an_exited_child_is_not_an_error(log):
    child = _spawn("raise SystemExit(3)", log)
    child.wait()

    processes.stop(child)

    assert child.returncode == 3


def test_what_an_exited_child_has_left_is_killed(log):
    child = _spawn("import subprocess; print(subprocess.Popen(['sleep', '600']).pid)", log)
    child.wait()
    left_behind = int(log.read_text())

    processes.stop(child)

    assert remaining({left_behind}) == set()


def test_another_process_with_the_id_of_an_exited_child_is_not_killed(log):
    child, other = _spawn("pass", log), _spawn("import time; time.sleep(600)", log)
    child.wait()
    child.pid = other.pid

    processes.stop(child)

    with pytest.raises(subprocess.TimeoutExpired):
        other.wait(0.3)
    processes.stop(other)


def test_waiting_ends_when_the_child_exits(log):
    child = _spawn("print('no such table')", log)
    started = time.monotonic()

    assert not ports.wait_until_listening(child, ports.free_port(), timeout_s=60)

    assert time.monotonic() - started < 30
    assert processes.cause(log) == "no such table"


def test_waiting_ends_once_the_child_listens(log):
    port = ports.free_port()
    child = _spawn(f"import socket, time; s = socket.create_server(('127.0.0.1', {port})); time.sleep(600)", log)

    assert ports.wait_until_listening(child, port, timeout_s=30)

    processes.stop(child)
    assert not ports.accepts_connections(port)


def test_a_listener_of_another_process_is_not_taken_for_the_childs(log):
    child = _spawn("import time; time.sleep(600)", log)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert not ports.wait_until_listening(child, listener.getsockname()[1], timeout_s=0.3)

    processes.stop(child)


def test_a_grandchild_may_listen_for_the_child(log):
    port = ports.free_port()
    listening = f"import socket, time; s = socket.create_server(('127.0.0.1', {port})); time.sleep(600)"
    child = _spawn(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {listening!r}])", log)

    assert ports.wait_until_listening(child, port, timeout_s=30)

    processes.stop(child)


def test_free_ports_are_below_the_ports_of_outgoing_connections():
    first_ephemeral = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])

    assert all(ports.free_port() < first_ephemeral for _ in range(20))


def test_no_free_port_is_found_twice(monkeypatch):
    first = ports.free_port()
    monkeypatch.setattr(ports, "_candidates", lambda: iter([first, 0]))

    assert ports.free_port() != first


def test_another_process_does_not_find_the_same_port():
    port = ports.free_port()
    program = (
        "from django_runtimes.cli import ports\n"
        f"ports._candidates = lambda: iter([{port}, 0])\n"
        "print(ports.free_port())"
    )

    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert int(other.stdout) != port


def test_a_server_can_listen_on_a_free_port():
    with socket.create_server(("127.0.0.1", ports.free_port())) as listener:
        assert ports.accepts_connections(listener.getsockname()[1])


def test_the_end_of_a_log_is_put_on_one_line(tmp_path):
    log = tmp_path / "log"
    log.write_text("one\n\n two\nthree\n")

    assert processes.cause(log, 2) == "two | three"
    assert processes.cause(tmp_path / "none") == "it wrote nothing"


def test_the_cause_is_the_error_that_ended_the_last_traceback(tmp_path):
    log = tmp_path / "server.log"
    log.write_text(
        "starting\nTraceback (most recent call last):\n  File 'a.py'\nRuntimeError: broken\nShutting down: Master\n"
    )

    assert processes.cause(log) == "RuntimeError: broken"
