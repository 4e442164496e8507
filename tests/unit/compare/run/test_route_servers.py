"""The servers between targets and PostgreSQL: which variables each route gives a target, and which servers start."""

from contextlib import ExitStack, contextmanager
from types import SimpleNamespace

import pytest

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.run import route_servers
from django_runtimes.compare.run.route_servers import RouteServers, start_route_servers
from django_runtimes.compare.services.data_api.call_counts import CallCounts
from django_runtimes.compare.targets.name import TargetName
from django_runtimes.config.values.connection_strategy import Route

DIRECT, PROXY, DATA_API = (
    TargetName.parse(f"aws_lambda/per_request/{route}") for route in ("direct", "proxy", "data_api")
)
APPLICATION = {"DATABASE_URL": "postgresql://webapp:hush@127.0.0.1:5432/notes?sslmode=require", "LANG": "C.UTF-8"}
SERVERS = RouteServers(
    proxy=SimpleNamespace(host="127.0.0.1", port=6432, waits=lambda database: f"waits of {database}"),
    data_api=SimpleNamespace(
        environ=lambda database: {"WEBAPP_DB_CLUSTER_ARN": "arn:…", "WEBAPP_DB_NAME": database},
        calls=lambda database: CallCounts(3, 300),
    ),
)


def test_the_address_of_each_route():
    direct, proxy, data_api = (SERVERS.environ(name, dict(APPLICATION), "notes") for name in (DIRECT, PROXY, DATA_API))

    assert direct["DATABASE_URL"] == APPLICATION["DATABASE_URL"]
    assert proxy["DATABASE_URL"] == "postgresql://webapp:hush@127.0.0.1:6432/notes?sslmode=prefer"
    # The function gets no address and no login.
    assert data_api == {
        "LANG": "C.UTF-8",
        "WEBAPP_RUNTIME": "aws_lambda",
        "WEBAPP_DB_STRATEGY": "per_request",
        "WEBAPP_DB_ROUTE": "data_api",
        "WEBAPP_DB_CLUSTER_ARN": "arn:…",
        "WEBAPP_DB_NAME": "notes",
    }


def test_what_is_counted_on_each_route():
    assert [SERVERS.wait_reader(name, "notes") is not None for name in (DIRECT, PROXY, DATA_API)] == [
        False,
        True,
        False,
    ]
    assert SERVERS.call_reader(PROXY, "notes") is None
    assert SERVERS.call_reader(DATA_API, "notes")() == CallCounts(3, 300)


def test_only_the_servers_of_the_targets_start(monkeypatch: pytest.MonkeyPatch):
    started = []

    def server(name):
        @contextmanager
        def start(postgres):
            started.append(name)
            yield name

        return start

    monkeypatch.setattr(route_servers, "PgBouncer", server("proxy"))
    monkeypatch.setattr(route_servers, "DataApiStandIn", server("data_api"))

    with ExitStack() as stack:
        assert start_route_servers(stack, [DIRECT], None) == RouteServers()
        assert start_route_servers(stack, [DIRECT, DATA_API], None) == RouteServers(data_api="data_api")
        assert start_route_servers(stack, [PROXY], None) == RouteServers(proxy="proxy")
    assert started == ["data_api", "proxy"]


def test_a_server_that_does_not_start_fails_only_its_route(monkeypatch: pytest.MonkeyPatch):
    def refuse(postgres):
        raise CompareError("botocore is not installed")

    monkeypatch.setattr(route_servers, "DataApiStandIn", refuse)
    with ExitStack() as stack:
        servers = start_route_servers(stack, [DIRECT, DATA_API], None)

    assert servers == RouteServers(failures={Route.DATA_API: "botocore is not installed"})
