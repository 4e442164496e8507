"""Runs `webapp pinlint` as a process on a separate project."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.secret_key import SECRET_KEY

pytestmark = pytest.mark.profile_free

SHOP = Path(__file__).with_name("shop")


@pytest.fixture
def pinlint(logging_server):
    def run(*arguments, **variables):
        environ = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": logging_server.url("postgres"),
            "DJANGO_SETTINGS_MODULE": "settings",
            # The report names the first test that sent a statement, so the order of tests must not change.
            "PYTEST_ADDOPTS": "-p no:randomly",
        }
        return subprocess.run(
            [sys.executable, "-m", "webapp", "pinlint", *arguments],
            env=environ | variables,
            cwd=SHOP,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


def line_of(text):
    lines = (SHOP / "pages.py").read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_every_pin_is_listed_with_the_line_that_sent_it(pinlint, tmp_path):
    process = pinlint("-q", "journeys.py", "--json", str(tmp_path / "pins.json"))

    assert process.returncode == 1, process.stdout + process.stderr
    report = json.loads((tmp_path / "pins.json").read_text())
    from_libraries = [pin for pin in report["found"] if pin["called_from"]]
    assert [
        (pin["rule"], pin["sent_by"]["file"], pin["called_from"]["file"], pin["called_from"]["line"])
        for pin in from_libraries
    ] == [("cursor", "django/forms/models.py", "pages.py", line_of("for _, label in names"))]
    found = {
        (pin["rule"], pin["sent_by"]["file"], pin["sent_by"]["line"], pin["times"])
        for pin in report["found"]
        if not pin["called_from"]
    }
    assert found == {
        ("advisory lock", "pages.py", line_of("pg_advisory_lock"), 3),
        ("advisory lock", "pages.py", line_of("pg_advisory_unlock_all"), 3),
        ("cursor", "pages.py", line_of("iterator(chunk_size=1)"), 1),
        ("cursor", "pages.py", line_of("aiterator()"), 1),
        ("statement size", "pages.py", line_of("bulk_create"), 1),
    }
    assert report["tests"] == 10
    assert report["left_out"].keys() == {"management_commands", "marked_tests"}
    assert f"pages.py:{line_of('pg_advisory_lock')} in locked\n" in process.stdout
    assert f"    called     from pages.py:{line_of('for _, label in names')} in chosen" in process.stdout
    assert "sent       3 times, by 2 tests, first journeys.py::test_the_locked_page_takes_locks\n" in process.stdout
    assert "\n6 places would pin RDS Proxy; checked " in process.stdout


def test_a_statement_sent_while_connecting_is_reported(pinlint):
    process = pinlint("-q", "journeys.py", "-k", "clean_page", SHOP_TIME_ZONE="Europe/Rome")

    assert process.returncode == 1
    assert re.search(
        r"^django/db/backends/postgresql/base\.py:\d+ in .*_configure_timezone$", process.stdout, re.MULTILINE
    )
    assert "set_config('TimeZone', 'Europe/Rome', false)" in process.stdout
    assert "each time a connection was opened" in process.stdout


def test_a_clean_run_reports_how_much_was_checked(pinlint):
    process = pinlint("-q", "journeys.py", "-k", "clean_page")

    assert process.returncode == 0
    # The other statement is the BEGIN of pytest-django's transaction around the test.
    assert process.stdout.endswith(
        "\nPin lint, as aws_lambda\n\nnothing would pin RDS Proxy; checked 2 statements of 1 test\n"
    )
    assert process.stderr == ""


def test_without_statements_there_is_no_verdict(pinlint):
    process = pinlint("-q", "journeys.py", "-k", "without_database")

    assert process.returncode == 3
    assert process.stderr.startswith("webapp pinlint: no verdict, since no test that ran sent a statement; ")


def test_a_failing_test_without_pins_gives_no_verdict(pinlint):
    process = pinlint("-q", "journeys.py", "-k", "clean_page", DATABASE_URL="postgresql://a:b@127.0.0.1:1/postgres")

    assert process.returncode == 3
    assert process.stderr == "webapp pinlint: no verdict, since pytest exited with 1; make the tests pass\n"


def test_a_pin_found_by_a_failing_test_is_reported(pinlint):
    process = pinlint("-q", "journeys.py", "-k", "test_the_failing_test_pins", SHOP_FAILS="1")

    assert process.returncode == 1
    assert f"pages.py:{line_of('pg_advisory_lock')} in locked\n" in process.stdout
    assert process.stderr == "webapp pinlint: pytest exited with 1, so there may be more findings\n"


def test_without_a_database_it_ends_with_one_line(pinlint):
    process = pinlint(
        "-q",
        "journeys.py",
        DATABASE_URL="",
        DJANGO_SETTINGS_MODULE="webapp.settings",
        WEBAPP_SECRET_KEY=SECRET_KEY,
        WEBAPP_ALLOWED_HOSTS="testserver",
    )

    assert process.returncode == 78
    assert process.stderr == (
        "webapp pinlint: no database is configured; set DATABASE_URL, or WEBAPP_DB_HOST, WEBAPP_DB_NAME and "
        "WEBAPP_DB_USER\n"
    )


SITE = """
import pytest
from django.db import connection
from webapp.guestbook.models import Entry

pytestmark = pytest.mark.django_db

def one():
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('work_mem', '4MB', false)")

def two():
    with connection.cursor() as cursor:
        cursor.executemany("SELECT set_config('work_mem', %s, false)", [["4MB"]])

def test_one(): one()
def test_two(): two()
def test_three():
    list(Entry.objects.extra(select={"x": "set_config('work_mem', '4MB', false)"}))

def passes_on(execute, *arguments):
    return execute(*arguments)

def sends_more(execute, *arguments):
    arguments[-1]["connection"].connection.execute("SET work_mem = '4MB'")
    return execute(*arguments)

def test_wrapped():
    with connection.execute_wrapper(passes_on), connection.execute_wrapper(sends_more):
        two()
"""


def test_each_pin_has_its_own_line_with_this_projects_settings(pinlint, tmp_path, logging_server):
    site = tmp_path / "test_site.py"
    site.write_text(SITE)
    process = pinlint(
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        f"--rootdir={tmp_path}",
        str(site),
        "--json",
        str(tmp_path / "pins.json"),
        DJANGO_SETTINGS_MODULE="webapp.settings",
        WEBAPP_SECRET_KEY=SECRET_KEY,
        WEBAPP_ALLOWED_HOSTS="testserver",
        WEBAPP_DB_PROXY_HOST="127.0.0.1",
        WEBAPP_DB_PROXY_PORT=str(logging_server.port),
    )

    assert process.returncode == 1, process.stdout + process.stderr
    pins = json.loads((tmp_path / "pins.json").read_text())["found"]
    lines = SITE.splitlines()

    def line_of(text):
        return next(number for number, line in enumerate(lines, 1) if text in line)

    assert {
        (Path(place["file"]).name, place["line"], place["function"], pin["times"])
        for pin in pins
        for place in [pin["called_from"] or pin["sent_by"]]
    } == {
        ("test_site.py", line_of("cursor.execute("), "one", 1),
        ("test_site.py", line_of("cursor.executemany("), "two", 2),
        ("test_site.py", line_of("extra("), "test_three", 1),
        ("test_site.py", line_of(".connection.execute("), "sends_more", 1),
    }


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def broken(:", "pytest exited with 2"),
        ("import no_such_module", "pytest exited with 2"),
        ("import pytest\ndef test_a(): pytest.exit('enough')", "pytest exited with 2"),
        (
            "import pytest\ndef test_a(): pytest.exit('enough', returncode=0)",
            "pytest exited before its last test",
        ),
        (
            "import pytest\ndef test_a(): pytest.exit('enough', returncode=4)",
            "pytest exited with 4",
        ),
    ],
)
def test_a_run_that_ends_early_gives_no_verdict(pinlint, tmp_path, source, reason):
    file = tmp_path / "test_early.py"
    file.write_text(f"{source}\n")
    process = pinlint(
        "-q", "journeys.py", str(file), "-k", "clean_page or test_a", "--json", str(tmp_path / "pins.json")
    )

    assert process.returncode == 3
    assert process.stderr == f"webapp pinlint: no verdict, since {reason}; make the tests pass\n"
    assert json.loads((tmp_path / "pins.json").read_text())["found"] == []


def test_an_interrupted_run_exits_with_130(pinlint, tmp_path):
    file = tmp_path / "test_interrupted.py"
    file.write_text("def test_a(): raise KeyboardInterrupt\n")

    assert pinlint("-q", str(file)).returncode == 130


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--json", "no/such/pins.json"], "webapp pinlint: --json no/such/pins.json is in a missing directory; "),
        (["no_such_file.py"], "ERROR: file or directory not found: no_such_file.py"),
        (["--json"], "webapp pinlint: error: argument --json: expected one argument"),
    ],
)
def test_wrong_arguments_are_refused(pinlint, arguments, message):
    process = pinlint(*arguments)

    assert process.returncode == 2
    assert message in process.stderr


def test_help_names_the_exit_codes(pinlint):
    process = pinlint("--help")

    assert process.returncode == 0
    assert process.stdout.startswith(
        "usage: webapp pinlint [--route {proxy,data_api}] [--json FILE] [PYTEST ARGUMENTS]\n"
    )
    assert "exit codes: 0 nothing found" in process.stdout


def test_without_pytest_one_line_says_how_to_install_it(pinlint):
    source = (
        "import sys; sys.modules['pytest'] = None; sys.argv[1:] = ['pinlint']; "
        "from django_runtimes.cli.main import main; main()"
    )
    process = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False, timeout=60)

    assert process.returncode == 2
    assert process.stderr == (
        "webapp pinlint needs pytest, which runs the project's tests; "
        f"run: {sys.executable} -m pip install pytest pytest-django\n"
    )
