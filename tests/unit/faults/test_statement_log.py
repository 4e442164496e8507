"""Reading the statements in a server's log."""

import pytest

from tests.faults.figures.statement_log import read_statements


def log_of(*statements: str, process: int = 7) -> str:
    return "\n".join(f"2026-01-02 03:04:05.678 UTC [{process}] LOG:  {statement}" for statement in statements)


@pytest.mark.parametrize(
    "statement",
    [
        "statement: SET timezone = 'UTC'",
        "statement: LISTEN entries",
        "statement: SELECT\n  set_config('timezone', 'UTC', false)",
        "execute _pg3_0: SELECT 1",
    ],
)
def test_session_state_outside_a_transaction_is_counted(statement):
    assert read_statements(log_of("statement: SELECT 1", statement)) == (2, 1)


def test_state_inside_a_transaction_ends_with_it():
    log = log_of("statement: BEGIN", "statement: SET LOCAL timezone = 'UTC'", "statement: COMMIT")

    assert read_statements(log) == (3, 0)


def test_a_transaction_of_another_process_does_not_hide_state():
    log = log_of("statement: BEGIN", process=7) + "\n" + log_of("statement: SET timezone = 'UTC'", process=8)

    assert read_statements(log) == (2, 1)


def test_an_unnamed_prepared_statement_leaves_no_state():
    assert read_statements(log_of("execute <unnamed>: SELECT 1")) == (1, 0)
