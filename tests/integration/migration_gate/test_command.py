"""Runs `webapp migration_gate` as a real process on the journal's migrations."""

import json
import subprocess
import sys

import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.integration.operations.journal import APPLICATIONS, LIMIT_S
from tests.integration.operations.test_migrate import ON_LAMBDA

pytestmark = pytest.mark.profile_free

MIGRATION = """
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("journal", "0005_author")]
    operations = [{operation}]
"""


@pytest.fixture
def gate(journal):
    """Runs the command and waits for its end."""

    def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess:
        variables = {
            "PYTHONPATH": str(APPLICATIONS),
            "DJANGO_SETTINGS_MODULE": "journal.settings",
            "DATABASE_URL": journal.url,
            "WEBAPP_RUNTIME": "local",
        }
        return subprocess.run(
            [sys.executable, "-m", "webapp", "migration_gate", *arguments],
            env=variables | environ,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )

    return run


def test_an_empty_database_has_no_running_version(gate, journal):
    done = gate()

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "migrations to apply: 5; verdicts: none\n"
    assert journal.execute("SELECT to_regclass('django_migrations')") == [(None,)]


def test_a_breaking_migration_is_refused_until_it_is_allowed(gate, journal):
    assert journal.migrate("journal", "0004").end() == 0

    refused, allowed = gate("--json"), gate("--allow", "journal.0005_author")

    report = json.loads(refused.stdout)
    assert (refused.returncode, report["exit_code"], report["pending"]) == (1, 1, ["journal.0005_author"])
    found = {(each["kind"], each["operation"]) for each in report["verdicts"] if each["refuses"]}
    assert found == {("unknown_operation", "RunPython add_entry"), ("no_value", "Add field author to entry")}
    assert allowed.returncode == 0, allowed.stdout
    assert "allowed: --allow" in allowed.stdout
    assert len(journal.applied()) == 4


def test_allowing_an_applied_migration_is_not_an_error(gate, journal):
    assert journal.migrate().end() == 0

    assert gate("--allow", "journal.0005_author").stdout == "migrations to apply: 0; verdicts: none\n"


def test_sql_of_a_new_application_gets_a_warning(gate, journal):
    assert journal.migrate().end() == 0

    done = gate(**journal.with_statement("SELECT 1"))

    assert done.returncode == 0
    assert "warning  RunSQL SELECT 1" in done.stdout


def test_an_applied_migration_missing_from_the_image_is_reported(gate, journal):
    assert journal.migrate().end() == 0
    journal.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('journal', '0006_later', now())")

    done = gate()

    assert done.returncode == 0
    assert "journal.0006_later is applied, but this version lacks it" in done.stdout


def test_a_replaced_migration_is_not_reported_missing(gate, journal, tmp_path):
    assert journal.migrate().end() == 0
    journal.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('journal', '0006_replaced', now())")
    variables = journal.with_statement("SELECT 1")
    with (tmp_path / "statement/migrations/0001_initial.py").open("a") as file:
        file.write("    replaces = [('journal', '0006_replaced')]\n")

    done = gate(**variables)

    assert done.stdout == "migrations to apply: 0; verdicts: none\n"


def test_it_uses_the_direct_route_with_the_operations_login(gate, journal):
    owner = conninfo_to_dict(journal.url)
    through_proxy = ON_LAMBDA | {
        "DATABASE_URL": f"postgresql://web:unknown@127.0.0.1:{owner['port']}/{owner['dbname']}",
        "WEBAPP_DB_OPERATIONS_USER": str(owner["user"]),
        "WEBAPP_DB_OPERATIONS_PASSWORD": str(owner["password"]),
    }

    done = gate(**through_proxy)

    assert done.returncode == 0, done.stderr


def test_without_a_database_there_is_no_verdict(gate):
    done = gate(DATABASE_URL="postgresql://webapp:unused@127.0.0.1:1/webapp")

    assert (done.returncode, done.stdout) == (69, "")
    assert done.stderr.startswith("CommandError: the database does not answer")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        pytest.param(
            "class Migration(:", "SyntaxError: invalid syntax (0001_initial.py, line 1); `webapp migrate`", id="syntax"
        ),
        pytest.param("import nothing", "ModuleNotFoundError: No module named 'nothing'; `webapp migrate`", id="import"),
        pytest.param("", "BadMigrationError: Migration 0001_initial in app statement has no Migration", id="empty"),
        pytest.param(
            MIGRATION.format(operation="migrations.RemoveField('entry', 'size')"),
            "statement.0001_initial: Remove field size from entry: KeyError: ",
            id="unknown_field",
        ),
    ],
)
def test_a_migration_that_cannot_be_applied_gets_no_verdict(gate, journal, tmp_path, code, reason):
    assert journal.migrate().end() == 0
    variables = journal.with_statement("SELECT 1")
    (tmp_path / "statement/migrations/0001_initial.py").write_text(code)

    done = gate(**variables)

    assert (done.returncode, done.stdout) == (69, "")
    assert done.stderr.startswith(f"CommandError: {reason}")
    assert done.stderr.count("\n") == 1


def test_a_migration_that_does_not_exist_cannot_be_allowed(gate):
    done = gate("--allow", "journal.0005")

    assert (done.returncode, done.stdout) == (2, "")
    assert "--allow 'journal.0005' is not a migration of this version" in done.stderr
