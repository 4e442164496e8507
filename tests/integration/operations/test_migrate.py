"""`webapp migrate` on a real PostgreSQL: its lock, its direct route and its own timeouts."""

import signal
import time

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.databases.postgresql.administration.session_lock import LOCK_KEY
from tests.integration.operations.journal import until
from tests.secret_key import SECRET_KEY

pytestmark = pytest.mark.profile_free

# Nothing listens at the proxy's address.
ON_LAMBDA = {
    "WEBAPP_RUNTIME": "aws_lambda",
    "WEBAPP_SECRET_KEY": SECRET_KEY,
    "WEBAPP_ALLOWED_HOSTS": "testserver",
    "WEBAPP_DB_PROXY_HOST": "127.0.0.1",
    "WEBAPP_DB_PROXY_PORT": "1",
}
ALL = ["0001_initial", "0002_gate", "0003_sleep", "0004_index", "0005_author"]


def test_one_of_three_processes_migrates_while_the_others_wait(journal):
    first = journal.migrate_to_gate()
    others = [journal.migrate(), journal.migrate()]
    for other in others:
        other.wait_for("another migrate is running (pid")
        assert "application_name 'webapp migrate on " in other.output
        assert "waiting up to 600 s" in other.output

    # The fourth migration builds an index concurrently while the others wait.
    journal.open_gate()

    assert [migrate.end() for migrate in (first, *others)] == [0, 0, 0]
    assert journal.applied() == ALL
    assert journal.execute("SELECT count(*) FROM journal_entry WHERE text = 'by the migration'") == [(1,)]
    assert journal.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'journal_entry_text'::regclass") == [
        (True,)
    ]
    for other in others:
        assert "No migrations to apply." in other.output


def test_three_processes_started_together_succeed(journal):
    started = [journal.migrate(JOURNAL_SLEEP_S="0.5") for _ in range(3)]

    assert [migrate.end() for migrate in started] == [0, 0, 0]
    assert sum("Applying journal.0003_sleep" in migrate.output for migrate in started) == 1
    assert journal.applied() == ALL


def test_migrate_exits_with_75_and_changes_nothing_after_a_long_wait(journal):
    with psycopg.connect(journal.url, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])

        late = journal.migrate("--wait", "1")

        assert late.end() == 75
        assert f"another migrate is still running after --wait 1 s (pid {holder.info.backend_pid}" in late.output
    assert journal.execute("SELECT to_regclass('django_migrations')") == [(None,)]


def test_a_connection_lost_while_waiting_has_no_traceback(journal):
    with psycopg.connect(journal.url, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
        waiting = journal.migrate()
        waiting.wait_for("another migrate is running (pid")

        journal.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name LIKE 'webapp migrate%' AND datname = current_database()"
        )

        assert waiting.end() == 1
    assert "the connection of the migration lock is lost" in waiting.output
    assert "Traceback" not in waiting.output


def test_check_and_plan_do_not_wait_for_the_lock(journal):
    with psycopg.connect(journal.url, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])

        check, plan = journal.migrate("--check"), journal.migrate("--plan")

        assert check.end() == 1
        assert plan.end() == 0
    assert "journal.0005_author" in plan.output


def test_djangos_options_are_passed_on(journal):
    assert journal.migrate("--verbosity", "0", "journal", "0002").end() == 0
    assert journal.migrate("--fake", "journal", "0003").end() == 0
    assert journal.migrate("--check").end() == 1
    assert journal.migrate("journal", "zero").end() == 0
    assert journal.applied() == []
    assert journal.migrate("--database", "default", "--no-input").end() == 0
    assert journal.migrate("--check").end() == 0


def test_killing_migrate_releases_the_lock_and_ends_its_statement(journal):
    killed = journal.migrate(JOURNAL_SLEEP_S="600")
    until(lambda: journal.execute("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600%'"))

    killed.process.kill()

    # The server checks every two seconds whether the client of a running statement is still connected.
    until(lambda: journal.lock_sessions() == [])
    assert journal.migrate("--wait", "30").end() == 0
    assert journal.applied() == ALL


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_migrate_rolls_back(journal, number):
    interrupted = journal.migrate(JOURNAL_SLEEP_S="600")
    until(lambda: journal.execute("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600%'"))

    interrupted.process.send_signal(number)

    assert interrupted.end() == 130
    assert "migrate was interrupted" in interrupted.output
    assert "Traceback" not in interrupted.output
    until(lambda: journal.lock_sessions() == [])
    assert journal.applied() == ALL[:2]


def test_migrate_stops_before_the_next_migration_without_its_lock(journal):
    first = journal.migrate_to_gate()
    lock_session, migrating_session = journal.lock_sessions()
    journal.end_session(lock_session)
    second = journal.migrate()
    second.wait_for(f"another migrate is running (pid {migrating_session}")
    assert journal.applied() == ALL[:1]

    journal.open_gate()

    assert first.end() == 1
    assert "the connection of the migration lock is lost" in first.output
    assert "0003_sleep" not in first.output
    assert second.end() == 0
    assert journal.applied() == ALL
    assert journal.execute("SELECT count(*) FROM journal_entry WHERE text = 'by the migration'") == [(1,)]


def test_the_next_run_recovers_from_a_lost_migrating_connection(journal):
    first = journal.migrate_to_gate()
    journal.end_session(journal.lock_sessions()[1])

    journal.open_gate()

    assert first.end() == 1
    assert "OperationalError" in first.output
    assert journal.applied() == ALL[:1]
    assert journal.migrate().end() == 0
    assert journal.applied() == ALL


def test_the_lock_timeout_names_the_blocking_session(journal):
    assert journal.migrate("journal", "0004").end() == 0
    with psycopg.connect(journal.url, application_name="report") as reader:
        reader.execute("SELECT count(*) FROM journal_entry")

        blocked = journal.migrate("--lock-timeout", "1")

        assert blocked.end() == 1
        assert f"pid {reader.info.backend_pid} (idle in transaction" in blocked.output
    assert "canceling statement due to lock timeout (1 s): ALTER TABLE" in blocked.output
    assert "application_name 'report') has a lock on journal_entry" in blocked.output
    assert "run this again" in blocked.output
    assert "Traceback" not in blocked.output
    # The migration is atomic.
    assert "half-way" not in blocked.output
    assert journal.applied() == ALL[:4]
    assert journal.execute("SELECT text FROM journal_entry") == [("by the migration",)]
    assert journal.migrate().end() == 0
    assert journal.applied() == ALL


def test_a_variable_sets_the_lock_timeout(journal):
    assert journal.migrate("journal", "0004").end() == 0
    with psycopg.connect(journal.url) as reader:
        reader.execute("SELECT count(*) FROM journal_entry")

        blocked = journal.migrate(WEBAPP_DB_LOCK_TIMEOUT_S="1")

        assert blocked.end() == 1
    assert "lock timeout (1 s)" in blocked.output


def test_a_lock_timeout_over_postgresqls_maximum_is_refused(journal):
    refused = journal.migrate("--lock-timeout", "2147484")

    assert refused.end() == 2
    assert "argument --lock-timeout: '2147484' is not a whole number of seconds up to 2147483" in refused.output


def test_a_concurrent_index_build_ignores_the_lock_timeout(journal):
    assert journal.migrate("journal", "0003").end() == 0
    with psycopg.connect(journal.url) as writer:
        writer.execute("INSERT INTO journal_entry (text) VALUES ('open')")

        building = journal.migrate("--lock-timeout", "1")
        until(lambda: journal.execute("SELECT 1 FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%'"))
        time.sleep(1.5)
        assert building.process.poll() is None

    assert building.end() == 0
    assert journal.applied() == ALL


def test_a_concurrent_reindex_ignores_the_lock_timeout(journal):
    assert journal.migrate().end() == 0
    statement = "-- slow\nREINDEX (VERBOSE) INDEX CONCURRENTLY journal_entry_text"
    with psycopg.connect(journal.url) as writer:
        writer.execute("INSERT INTO journal_entry (text, author) VALUES ('open', '')")

        running = journal.migrate("--lock-timeout", "1", **journal.with_statement(statement))
        until(
            lambda: journal.execute(
                "SELECT 1 FROM pg_stat_activity WHERE query ~ '^-- slow' AND wait_event = 'virtualxid'"
            )
        )
        time.sleep(1.5)
        assert running.process.poll() is None, running.output

    assert running.end() == 0, running.output
    assert journal.execute("SELECT 1 FROM pg_index WHERE NOT indisvalid") == []


def test_a_non_atomic_migration_that_stops_half_way_is_named(journal):
    stopped = journal.migrate(**journal.with_statement(["CREATE TABLE extra (id int)", "SELECT 1 / 0"]))

    assert stopped.end() == 1
    assert (
        "\nstatement.0001_initial stopped half-way, and the database keeps what it has carried out: CREATE TABLE extra "
        "(id int). Undo these statements, correct the cause and run this again; or carry out the rest of `webapp "
        "sqlmigrate statement 0001_initial` by hand and record it with `webapp migrate statement 0001_initial --fake`\n"
    ) in stopped.output


def test_the_web_roles_timeouts_do_not_end_a_slow_migration(journal):
    timeouts = ("statement_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout")
    for timeout in timeouts:
        journal.execute(
            "DO $$ BEGIN EXECUTE format("
            f"'ALTER ROLE %I IN DATABASE %I SET {timeout} = ''2s''', current_user, current_database()); END $$"
        )
    slow = journal.migrate_to_gate(JOURNAL_SLEEP_S="2.5")
    time.sleep(2.5)

    journal.open_gate()

    assert slow.end() == 0, slow.output
    assert journal.applied() == ALL


def test_the_operations_login_bypasses_the_proxy(journal):
    owner = conninfo_to_dict(journal.url)
    through_proxy = ON_LAMBDA | {
        "DATABASE_URL": f"postgresql://web:unknown@127.0.0.1:{owner['port']}/{owner['dbname']}",
        "WEBAPP_DB_OPERATIONS_USER": str(owner["user"]),
        "WEBAPP_DB_OPERATIONS_PASSWORD": str(owner["password"]),
    }

    migrate = journal.migrate(**through_proxy)

    assert migrate.end() == 0, migrate.output
    assert journal.applied() == ALL


def test_without_an_operations_login_the_web_login_is_used(journal):
    migrate = journal.migrate("journal", "0001", **ON_LAMBDA)

    assert migrate.end() == 0, migrate.output


def test_the_error_for_a_missing_server_asks_for_its_address(journal):
    migrate = journal.migrate(**ON_LAMBDA, DATABASE_URL="")

    assert migrate.end() == 78
    assert "set DATABASE_URL, or WEBAPP_DB_HOST" in migrate.output


@pytest.mark.needs("pgbouncer")
def test_a_proxy_at_the_servers_address_is_refused(journal, database_server):
    with PgBouncer(database_server) as pgbouncer:
        name = str(conninfo_to_dict(journal.url)["dbname"])

        misled = journal.migrate(DATABASE_URL=pgbouncer.url(name))

        assert misled.end() == 1
    assert f"127.0.0.1:{pgbouncer.port} is a proxy, through which locks are unreliable" in misled.output
    assert journal.execute("SELECT to_regclass('django_migrations')") == [(None,)]
