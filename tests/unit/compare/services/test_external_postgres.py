"""Database URLs that are checked and changed without connecting."""

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.services.external_postgres import ExternalPostgres


def test_the_url_of_another_database_differs_only_in_the_name():
    server = ExternalPostgres("postgresql://team:secret@db.example:5433/app?sslmode=require")

    assert server.url("webapp_a_0") == "postgresql://team:secret@db.example:5433/webapp_a_0?sslmode=require"


def test_a_postgis_url_is_rewritten_for_libpq():
    server = ExternalPostgres("postgis://team:secret@db.example/app")

    assert server.administration_url == "postgresql://team:secret@db.example/app"
    assert server.url("a") == "postgresql://team:secret@db.example/a"


def test_a_database_name_is_escaped_in_the_url():
    server = ExternalPostgres("postgresql://team@db.example")

    assert server.url("a/b?c") == "postgresql://team@db.example/a%2Fb%3Fc"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://team:secret@db.example:port/app",
        "postgresql://team:sec@ret@db.example/app",
        "postgresql://team:sec/ret@db.example/app",
        "postgresql://team:12#ret@db.example/app",
        "postgresql://team:12?ret@db.example/app",
        "postgresql://team:secret%@db.example/app",
        "postgresql://team:[secret@db.example/app",
        "postgresql://team:secret@db.example/app?nonsense=1",
    ],
)
def test_an_unreadable_url_is_refused_without_quoting_its_password(url):
    with pytest.raises(UsageError) as caught:
        ExternalPostgres(url)

    assert str(caught.value) == (
        "--database-url cannot be read; write postgresql://role:password@host:port/database "
        "and percent-encode special characters in the password"
    )


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://",
        "postgresql:///app?host=/run/postgresql",
        "postgres://%2Frun%2Fpostgresql/app",
        "postgresql://team:s%40e%2Fcret@[::1]:5433/app",
        "postgresql://team@DB.example/app?sslmode=require",
    ],
)
def test_any_form_that_libpq_documents_is_accepted(url):
    assert ExternalPostgres(url).administration_url == url


def test_a_url_of_another_database_system_is_refused():
    with pytest.raises(UsageError, match=r"^--database-url has the scheme 'mysql'; write postgresql://"):
        ExternalPostgres("mysql://team:secret@db.example/app")


def test_a_cluster_of_aurora_dsql_is_refused():
    with pytest.raises(UsageError) as caught:
        ExternalPostgres("dsql://admin@abc.dsql.us-east-1.on.aws")

    assert str(caught.value) == (
        "--database-url names Aurora DSQL, whose figures depend on the service; write "
        "postgresql://role:password@host:port/database, or measure the deployed application with --target NAME=URL"
    )
