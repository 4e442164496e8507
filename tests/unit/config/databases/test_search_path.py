import pytest

from django_runtimes.config.databases.search_path import schemas_of


@pytest.mark.parametrize(
    ("options", "schemas"),
    [
        ("", ()),
        ("-c statement_timeout=5s", ()),
        ("-c search_path=shop,public", ("shop",)),
        ("-csearch_path=shop,audit -c lock_timeout=1s", ("shop", "audit")),
        ("-c lock_timeout=1s --search-path=shop", ("shop",)),
        ("-c search_path=shop,\\ audit", ("shop", "audit")),
        ('-c search_path="$user",Shop,pg_catalog,shop', ("shop",)),
        ('-c search_path="$user",Shop,"Own\\ Name"', ("shop", "Own Name")),
    ],
)
def test_the_schemas_are_read_as_the_server_reads_them(options: str, schemas: tuple[str, ...]):
    assert schemas_of(options) == schemas
