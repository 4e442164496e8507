"""Reads the sizes of tables from PostgreSQL."""

import psycopg
import pytest

from django_runtimes.databases.postgresql.administration.table_sizes import read_sizes

pytestmark = pytest.mark.profile_free


def test_a_partitioned_table_is_as_large_as_its_partitions(database_server):
    with psycopg.connect(database_server.url("postgres")) as session:
        session.execute("CREATE TEMPORARY TABLE whole (number integer)")
        session.execute("CREATE TEMPORARY TABLE parted (number integer) PARTITION BY RANGE (number)")
        for first in (0, 5000):
            session.execute(
                f"CREATE TEMPORARY TABLE part_{first} PARTITION OF parted FOR VALUES FROM ({first}) TO ({first + 5000})"
            )
        for table in ("whole", "parted"):
            session.execute(f"INSERT INTO {table} SELECT generate_series(0, 9999)")

        sizes = read_sizes(session)

    assert sizes["parted"] == sizes["part_0"] + sizes["part_5000"]
    assert 0 < sizes["whole"] <= sizes["parted"]
