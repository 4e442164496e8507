"""How the variables of the default database apply to replicas and other entries of DATABASES."""

from typing import Any

import pytest

from django_runtimes.config.values.connection_strategy import Route
from tests.unit.adopt.projects import DEPLOYED, ON_LAMBDA, default_database, postgresql, ready_project, settings_after

URL = {"DATABASE_URL": DEPLOYED["DATABASE_URL"]}
PROXY = {"WEBAPP_RUNTIME": "aws_lambda", "WEBAPP_DB_PROXY_HOST": "proxy.example"}


def test_a_replica_gets_engine_strategy_tls_and_timeouts():
    replica = postgresql(HOST="replica.example", TEST={"MIRROR": "default"}, CONN_MAX_AGE=60)

    entry = settings_after(ready_project(DATABASES={"default": postgresql(), "replica": replica}), **URL)["DATABASES"][
        "replica"
    ]

    assert (entry["HOST"], entry["USER"], entry["PASSWORD"]) == ("replica.example", "owner", "0wn")
    assert (entry["ENGINE"], entry["CONN_MAX_AGE"]) == ("django_runtimes.databases.postgresql", 0)
    assert (entry["OPTIONS"]["sslmode"], entry["OPTIONS"]["connect_timeout"]) == ("verify-full", 5)
    assert entry["OPTIONS"]["pool"]["max_size"] == 8
    assert entry["TEST"] is replica["TEST"]


@pytest.mark.parametrize(
    ("host", "port", "route"),
    [
        ("replica.example", "", Route.DIRECT),
        ("shop.proxy-abc123.eu-central-1.rds.amazonaws.com", "", Route.PROXY),
        ("shop.endpoint.proxy-abc123.eu-central-1.rds.amazonaws.com", "", Route.PROXY),
        ("shop.proxy-abc123.rds.cn-north-1.amazonaws.com.cn", "", Route.PROXY),
        ("Proxy.example", "", Route.PROXY),
        ("proxy.example", "6432", Route.DIRECT),
    ],
)
def test_a_replica_behind_rds_proxy_is_detected_by_its_host(host, port, route):
    project = ready_project(DATABASES={"default": postgresql(), "replica": postgresql(HOST=host, PORT=port)})

    entry = settings_after(project, **ON_LAMBDA)["DATABASES"]["replica"]

    assert (entry["ROUTE"], entry["DISABLE_SERVER_SIDE_CURSORS"]) == (route, route is Route.PROXY)


def test_a_postgis_replica_gets_the_postgis_engine():
    replica = postgresql(ENGINE="django.contrib.gis.db.backends.postgis")

    databases = settings_after(ready_project(DATABASES={"default": postgresql(), "replica": replica}))["DATABASES"]

    assert databases["replica"]["ENGINE"] == "django_runtimes.databases.postgis"


LOCAL_URL = "postgresql://a@127.0.0.1:5433/b"


def further(url: str, **entry: Any) -> dict[str, Any]:
    databases = {"default": postgresql(), "replica": postgresql(PORT="5433", **entry)}
    return settings_after(ready_project(DATABASES=databases), DATABASE_URL=url)["DATABASES"]["replica"]["OPTIONS"]


@pytest.mark.parametrize(
    ("url", "host", "mode"),
    [
        (f"{LOCAL_URL}?sslmode=prefer", "localhost", "prefer"),
        (LOCAL_URL, "localhost", "require"),
        (f"{LOCAL_URL.replace('5433', '5434')}?sslmode=prefer", "localhost", "require"),
        (f"{LOCAL_URL}?sslmode=prefer", "replica.example", "require"),
        ("postgresql://a@db.example:5433/b?sslmode=verify-ca", "db.example", "require"),
    ],
)
def test_the_urls_sslmode_applies_to_other_databases_of_its_server(url, host, mode):
    assert further(url, HOST=host, OPTIONS={"sslmode": "require"})["sslmode"] == mode


def test_an_address_in_the_options_means_another_server():
    options = {"sslmode": "require", "hostaddr": "192.0.2.2"}

    assert further(f"{LOCAL_URL}?sslmode=prefer", HOST="localhost", OPTIONS=options)["sslmode"] == "require"


def test_options_that_need_tls_are_dropped_where_tls_is_optional():
    demand = {
        "sslmode": "verify-full",
        "sslrootcert": "system",
        "channel_binding": "require",
        "gssencmode": "require",
        "sslcertmode": "require",
    }

    for url, kept in ((f"{LOCAL_URL}?sslmode=prefer", False), (LOCAL_URL, True)):
        entry = default_database(postgresql(OPTIONS=demand), DATABASE_URL=url)
        assert set(demand) & set(entry["OPTIONS"]) == (set(demand) if kept else {"sslmode"})


def test_options_that_only_prefer_encryption_are_kept():
    own = {"gssencmode": "prefer", "sslcertmode": "allow"}
    entry = default_database(postgresql(OPTIONS=own), DATABASE_URL=f"{LOCAL_URL}?sslmode=prefer")

    assert own.items() <= entry["OPTIONS"].items()
