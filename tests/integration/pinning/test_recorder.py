"""The recorder sees exactly the statements that Django's connections send."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from django_runtimes.compare.services.database_creation import create_database
from django_runtimes.pinning.recorder import recording

pytestmark = pytest.mark.profile_free


@pytest.fixture(scope="module")
def observed(logging_server) -> list[list]:
    create_database(logging_server, "everything")
    process = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("all_statements.py"))],
        env={"PATH": os.environ["PATH"], "DATABASE_URL": logging_server.url("everything")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def test_it_records_the_statements_in_the_servers_order(observed, logging_server):
    assert [text for text, _ in observed] == logging_server.statements("everything")


def test_it_marks_statements_prepared_under_a_name(observed, logging_server):
    named = {text for text, is_named in observed if is_named}

    assert "SELECT 4" in named
    assert logging_server.prepared_names("everything")


@pytest.mark.parametrize("start", ["SELECT set_config", "DECLARE", "FETCH", "BEGIN", "SAVEPOINT", "LISTEN", "COPY"])
def test_it_records_statements_that_djangos_hook_misses(observed, start):
    assert any(text.startswith(start) for text, _ in observed)


def test_it_does_not_record_connections_of_other_code(logging_server):
    seen = []

    with recording(seen.append), psycopg.connect(logging_server.url("postgres")) as own:
        own.execute("SELECT 1")

    assert seen == []


def test_it_restores_the_patched_functions():
    before, wrappers = psycopg.BaseConnection._exec_command, [*connection.execute_wrappers]
    with recording(print):
        assert psycopg.BaseConnection._exec_command is not before

    assert psycopg.BaseConnection._exec_command is before
    assert connection.execute_wrappers == wrappers
