import subprocess
import sys

import pytest
from benchmarks.contenders.servers import GRANIAN, GTHREAD, OURS, SERVERS, UVICORN, UVICORN_WORKER, Server, command


def test_our_server_starts_with_the_images_command():
    assert command(OURS, 8000) == ["-m", "django_runtimes.entrypoints.launch"]


@pytest.mark.parametrize("name", [name for name in SERVERS if name != OURS])
def test_every_peer_has_two_workers_and_listens_on_loopback(name):
    words = " ".join(command(name, 8123))

    assert "--workers 2" in words
    assert "--bind 127.0.0.1:8123" in words or "--host 127.0.0.1 --port 8123" in words


@pytest.mark.parametrize(("name", "option"), [(GTHREAD, "--threads 8"), (GRANIAN, "--blocking-threads 8")])
def test_threaded_peers_have_as_many_threads_as_connections(name, option):
    assert option in " ".join(command(name, 8000))


@pytest.mark.parametrize("name", [UVICORN, UVICORN_WORKER])
def test_asgi_peers_serve_djangos_own_handler(name):
    assert "benchmarks.application.asgi:application" in command(name, 8000)


def test_a_servers_cpu_time_includes_running_and_ended_children():
    burn = "import time\nwhile time.process_time() < 0.2: pass\n"
    # The starts of both processes take time of their own, and more of it on a slow machine.
    script = (
        f"import os, subprocess, sys\nsubprocess.run([sys.executable, '-c', {burn!r}])\n{burn}"
        "print(sum(os.times()[:4]), flush=True)\ninput()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as leader:
        used_s = float(leader.stdout.readline())

        assert used_s >= 0.35
        assert Server("", leader.pid).cpu_s() == pytest.approx(used_s, abs=0.1)

        leader.communicate(b"\n")


def test_cpu_time_excludes_processes_of_other_sessions():
    assert Server("", 0x7FFFFFFF).cpu_s() == 0
