"""Runs `webapp pinlint --route data_api` as a process on a separate project, whose database is a real PostgreSQL."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.profile_free

SHOP = Path(__file__).with_name("shop")
# Each line with a comment is refused by the rule of that name.
STATEMENTS = """
from datetime import timedelta
import pytest
from django.contrib.auth.models import User
from django.db import connection, models, transaction
from django.db.models import Value

pytestmark = pytest.mark.django_db

@pytest.fixture
def cursor():
    with connection.cursor() as cursor:
        yield cursor

def test_refused(cursor):
    cursor.execute("LISTEN news")  # listen
    cursor.execute("SELECT pg_advisory_lock(1)")  # advisory lock
    cursor.execute("SET statement_timeout = 0")  # session setting
    cursor.execute("EXPLAIN (FORMAT XML) SELECT 1")  # explain xml
    cursor.execute("SELECT 1; PREPARE p AS SELECT 1")  # prepared statement
    with cursor.copy("COPY (SELECT 1) TO STDOUT") as copy:  # copy
        list(copy)

def test_outside_a_transaction(cursor):
    cursor.execute("CREATE TEMP TABLE t (a int)")  # temporary object
    cursor.execute("DECLARE c CURSOR FOR SELECT 1")  # cursor

@pytest.mark.django_db(transaction=True)
def test_without_a_transaction_around_the_test(cursor):
    cursor.execute("DECLARE c CURSOR WITH HOLD FOR SELECT 1")  # cursor
    cursor.execute("SELECT currval(conname::text) FROM pg_constraint WHERE false")  # sequence function

def test_sizes(cursor):
    cursor.execute("SELECT 1 /* %s */" % ("x" * 70_000))  # statement size
    cursor.execute("SELECT length(%s)", ["x" * 5_000_000])  # request size
    names = [f"visitor {number}" for number in range(6000)]
    cursor.execute(f"SELECT 1 FROM auth_user WHERE username IN ({', '.join(['%s'] * 6000)})", names)  # statement size
    document = '{"a": "%s"}' % ("x" * 70_000)
    cursor.execute("SELECT jsonb_typeof(%s)", [document])  # value type
    cursor.execute("SELECT jsonb_typeof(%s::jsonb)", [document])
    cursor.execute("SELECT repeat('x', 70000)")  # row size
    cursor.execute("CREATE TABLE pages (text text)")
    cursor.execute("INSERT INTO pages VALUES (%s)", ["x" * 70_000])  # row size
    cursor.execute("SELECT 'infinity'::date, 'infinity'")  # infinity
    rows = "SELECT repeat('x', 90), g FROM generate_series(1, 12000) g RETURNING app_label"
    cursor.execute(f"INSERT INTO django_content_type (app_label, model) {rows}")  # result size
    cursor.execute("UPDATE auth_user SET email = '' RETURNING now() - now()")
    User.objects.create(username="a")
    cursor.execute("UPDATE auth_user SET email = '' RETURNING now() - now(), '{{1}}'::int[]")  # result type

class Measurement(models.Model):
    duration = models.DurationField(db_default=Value(timedelta(0)))

    class Meta:
        app_label = "auth"

def test_accepted(cursor):
    with connection.schema_editor() as editor:
        editor.create_model(Measurement)
    with transaction.atomic():
        cursor.execute("SET LOCAL work_mem = '4MB'")
        cursor.execute("CREATE TEMP TABLE u (a int) ON COMMIT DROP")
        cursor.execute("DECLARE d CURSOR FOR SELECT 1")
        cursor.execute("FETCH 1 FROM d")
    cursor.execute("SELECT length(%s), now() - now(), '{{1}}'::int[]", ["x" * 100_000])
    cursor.execute("SELECT repeat('x', 60000) FROM generate_series(1, 20)")
    User.objects.bulk_create(User(username=f"visitor {number}") for number in range(2000))
    list(User.objects.iterator(chunk_size=100))
    list(User.objects.filter(username__in=[f"visitor {number}" for number in range(6000)]))
    Measurement.objects.create()
    User.objects.all().delete()

@pytest.mark.needs_session("a worker on the route direct runs this")
def test_marked(cursor):
    cursor.execute("LISTEN news")
"""


@pytest.fixture(scope="module")
def lint(logging_server):
    def run(*arguments, **variables):
        return subprocess.run(
            [sys.executable, "-m", "webapp", "pinlint", "--route", "data_api", "-q", *arguments],
            env={
                "PATH": os.environ["PATH"],
                "DATABASE_URL": logging_server.url("postgres"),
                "DJANGO_SETTINGS_MODULE": "settings",
                "PYTEST_ADDOPTS": "-p no:randomly",
            }
            | variables,
            cwd=SHOP,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


@pytest.fixture(scope="module")
def linted(lint, tmp_path_factory):
    """Return the output of one run, and its report."""
    folder = tmp_path_factory.mktemp("lint")
    (folder / "statements.py").write_text(STATEMENTS)
    process = lint("-c", "pytest.ini", str(folder / "statements.py"), "--json", str(folder / "found.json"))
    assert process.returncode == 1, process.stdout + process.stderr
    return process.stdout, json.loads((folder / "found.json").read_text())


def test_it_lists_each_refused_statement_with_its_line(linted):
    _, report = linted
    expected = {
        (number, line.partition("  # ")[2]) for number, line in enumerate(STATEMENTS.splitlines(), 1) if "  # " in line
    }
    types = [place["reason"] for place in report["found"] if place["rule"] == "result type"]

    # The statement has two columns of such types.
    assert types == [
        "the Data API cannot return the type int4[][], which only a query can cast",
        "the Data API cannot return the type interval, which only a query can cast",
    ]
    assert {(place["sent_by"]["line"], place["rule"]) for place in report["found"]} == expected
    assert report["left_out"] == {"marked_tests": 1}


def test_the_report_has_the_limit_and_the_way_round(linted):
    output, _ = linted

    assert "\nData API lint\n\n" in output
    assert (
        "    rule       cursor: the Data API keeps no session between statements, so a cursor is not found again\n"
    ) in output
    assert "    remedy     use iterator(), or open and read the cursor inside one atomic()\n" in output
    assert "\n20 places would fail on the Data API; checked " in output
    assert "\nleft out: 1 that tests marked needs_session(...) send on purpose\n" in output


def test_a_run_on_the_data_api_itself_is_refused(lint):
    process = lint("journeys.py", WEBAPP_DB_ROUTE="data_api")

    assert process.returncode == 78
    assert process.stderr == (
        "webapp pinlint: WEBAPP_DB_ROUTE is data_api, but the lint reads what psycopg sends; run it on a PostgreSQL, "
        "with DATABASE_URL and without WEBAPP_DB_ROUTE\n"
    )
