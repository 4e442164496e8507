"""The recorder in a process of its own, since it changes Django's classes until the first use of the database."""

import json
import subprocess
import sys

SET_UP = """
import django
from django.conf import settings
from django.core.signals import request_finished
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
django.setup()
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django_runtimes.entrypoints.start_recorder import RECORDER
djangos_connect = BaseDatabaseWrapper.connect
RECORDER.report_first_request()
"""
QUERY = "connection.cursor().execute('SELECT 1')\n"
END_REQUEST = "request_finished.send(None)\n"


def run(source: str) -> tuple[str, list[dict[str, float]]]:
    """Return what the process prints, and its reports."""
    done = subprocess.run([sys.executable, "-c", SET_UP + source], capture_output=True, text=True, check=True)
    lines = done.stderr.splitlines()
    assert all(line.startswith("webapp: start ") for line in lines), lines
    return done.stdout.strip(), [json.loads(line.removeprefix("webapp: start ")) for line in lines]


def test_only_the_first_request_is_reported():
    _, reports = run(QUERY + END_REQUEST + QUERY + END_REQUEST)

    assert len(reports) == 1
    moments = [
        reports[0][name]
        for name in ("process_started", "first_line", "connect_begins", "connect_ends", "query_begins", "query_ends")
    ]
    # The kernel records the start of a process to a hundredth of a second.
    assert sorted(moments[1:]) == moments[1:]
    assert moments[0] < moments[1] + 0.01


def test_the_hooks_remove_themselves():
    printed, _ = run(QUERY + "print(BaseDatabaseWrapper.connect is djangos_connect, connection.execute_wrappers)")

    assert printed == "True []"


def test_a_request_without_the_database_is_reported_without_it():
    _, (report,) = run(END_REQUEST)

    assert not {name for name in report if "connect" in name or "query" in name}


def test_a_connection_that_fails_is_not_recorded():
    failing = (
        "def fail(parameters): raise OSError('refused')\n"
        "connection.get_new_connection = fail\n"
        "try: connection.connect()\n"
        "except OSError: pass\n"
        "del connection.get_new_connection\n"
    )

    _, (failed,) = run(failing + END_REQUEST)
    _, (succeeded,) = run(failing + QUERY + END_REQUEST)

    assert "connect_ends" not in failed
    assert "query_ends" in succeeded


def test_a_wrapper_of_the_application_around_the_connection_is_removed():
    printed, _ = run(
        "seen = []\n"
        "def count(execute, *rest): seen.append(1); return execute(*rest)\n"
        "with connection.execute_wrapper(count):\n"
        "    connection.ensure_connection()\n"
        f"{QUERY}"
        "print(seen, connection.execute_wrappers)"
    )

    assert printed == "[] []"
