"""`webapp migrate` when the server refuses a login or a statement, or is unreachable."""

import pytest

pytestmark = pytest.mark.profile_free


def test_a_concurrent_index_in_a_transaction_shows_the_servers_error(journal):
    statement = "CREATE INDEX CONCURRENTLY entry_text ON journal_entry (text)"

    refused = journal.migrate(**journal.with_statement(statement, atomic=True))

    assert refused.end() == 1
    assert refused.output.endswith("CREATE INDEX CONCURRENTLY cannot run inside a transaction block\n")
    assert "current transaction is aborted" not in refused.output


def test_a_refused_login_is_reported_in_one_line(database_server, journal):
    refused = journal.migrate(DATABASE_URL=f"postgresql://webapp:hunter2@127.0.0.1:{database_server.port}/postgres")

    assert refused.end() == 1
    (line,) = refused.output.splitlines()
    assert line.startswith("CommandError: the database does not answer: ")
    assert "password authentication failed" in line
    assert "hunter2" not in line


@pytest.mark.parametrize("arguments", [(), ("--check",)])
@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_an_unreachable_server_is_reported_in_one_line(journal, arguments, scheme):
    failed = journal.migrate(*arguments, DATABASE_URL=f"{scheme}://webapp:hunter2@127.0.0.1:1/postgres")

    assert failed.end() == 1
    (line,) = failed.output.splitlines()
    assert line.startswith("CommandError: the database does not answer: ")
    assert "onnection refused" in line
    assert line.endswith("; `webapp doctor database` suggests remedies")
    assert "hunter2" not in line
