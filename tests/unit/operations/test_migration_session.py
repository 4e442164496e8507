import pytest

from django_runtimes.operations.migration_session import works_concurrently


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
def test_what_works_beside_the_traffic_is_known_however_it_is_written(sql):
    assert works_concurrently(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX entry_text ON entry (text)",
        "CREATE INDEX entry_text ON entry (text) -- not CONCURRENTLY",
        'ALTER TABLE entry ADD COLUMN "concurrently" text',
        "ALTER TABLE entry ALTER COLUMN text SET DEFAULT 'CONCURRENTLY'",
        # Nothing is left behind by it, and it may stand in a transaction.
        "REFRESH MATERIALIZED VIEW CONCURRENTLY totals",
        "",
    ],
)
def test_what_stands_in_the_way_of_others_is_not_taken_for_it(sql):
    assert not works_concurrently(sql)
