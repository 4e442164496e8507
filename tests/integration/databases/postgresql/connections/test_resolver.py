"""A silent name server delays a connection no longer than the settings allow."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.secret_key import SECRET_KEY

pytestmark = [
    pytest.mark.profile_free,
    pytest.mark.needs("unshare"),
    pytest.mark.needs("ip"),
    pytest.mark.needs_root,
]

SOURCE = """
import socket, threading, time
# This socket receives every query and answers none.
silent = socket.socket(type=socket.SOCK_DGRAM)
silent.bind(("127.0.0.1", 53))
import django
django.setup()
from django.db import OperationalError, connections

def connect():
    began_at = time.monotonic()
    try:
        connections["default"].ensure_connection()
    except OperationalError as error:
        assert "failed to resolve host" in str(error), error
        print(time.monotonic() - began_at, flush=True)

thread = threading.Thread(target=connect)
thread.start()
connect()
thread.join()
"""


def test_a_silent_name_server_times_out_in_every_thread(tmp_path):
    resolv_conf = tmp_path / "resolv.conf"
    # By these options of the machine, a resolution would take a minute.
    resolv_conf.write_text("nameserver 127.0.0.1\noptions timeout:30 attempts:2\n")
    in_namespaces = 'ip link set lo up && mount --bind "$1" /etc/resolv.conf && exec "$2" -'
    process = subprocess.run(
        ["unshare", "--net", "--mount", "sh", "-c", in_namespaces, "sh", resolv_conf, sys.executable],
        input=SOURCE,
        env={
            "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin",
            "PYTHONPATH": str(Path(__file__).parents[5] / "src"),
            "DJANGO_SETTINGS_MODULE": "webapp.settings",
            "WEBAPP_RUNTIME": "aws_lambda",
            "WEBAPP_SECRET_KEY": SECRET_KEY,
            "WEBAPP_ALLOWED_HOSTS": "guestbook.example",
            "DATABASE_URL": "postgresql://app:secret@db.example/app",
            "WEBAPP_DB_PROXY_HOST": "proxy.example",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert process.stderr == "", process.stderr
    waits_s = [float(line) for line in process.stdout.splitlines()]
    assert len(waits_s) == 2
    # The settings allow 4 s.
    assert max(waits_s) < 30
    assert min(waits_s) > 3
