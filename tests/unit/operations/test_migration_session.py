import pytest

from django_runtimes.databases.postgresql.administration.migration_session import works_concurrently


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX CONCURRENTLY entry_text ON entry (text)",
        'create unique index concurrently if not exists "entry_text" on entry (text)',
        "-- for the search\nCREATE INDEX CONCURRENTLY entry_text ON entry (text)",
        "/* for /* the */ search */ CREATE INDEX CONCURRENTLY entry_text ON entry (text);",
        "CREATE/**/INDEX/**/CONCURRENTLY entry_text ON entry (text)",
        "DROP INDEX CONCURRENTLY IF EXISTS entry_text",
        "REINDEX INDEX CONCURRENTLY entry_text",
        "REINDEX (VERBOSE) INDEX CONCURRENTLY entry_text",
        "REINDEX (VERBOSE, TABLESPACE fast) TABLE CONCURRENTLY entry",
        "REINDEX (CONCURRENTLY) TABLE entry",
        "ALTER TABLE entry DETACH PARTITION entry_2019 CONCURRENTLY",
    ],
)
def test_concurrent_statements_are_detected_in_any_spelling(sql):
    assert works_concurrently(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX entry_text ON entry (text)",
        "CREATE INDEX entry_text ON entry (text) -- not CONCURRENTLY",
        'ALTER TABLE entry ADD COLUMN "concurrently" text',
        "ALTER TABLE entry ALTER COLUMN text SET DEFAULT 'CONCURRENTLY'",
        # This statement leaves nothing behind when it fails, and may run in a transaction.
        "REFRESH MATERIALIZED VIEW CONCURRENTLY totals",
        "",
    ],
)
def test_other_statements_are_not_concurrent(sql):
    assert not works_concurrently(sql)
