"""The process of the stand-in: its latency, its port, its requirement, and its end."""

import importlib.util
import socket
import time

import pytest

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.services.data_api.data_api_process import DataApiStandIn
from django_runtimes.compare.services.external_postgres import ExternalPostgres
from django_runtimes.config.database_url.url import parse_database_url
from tests.integration.compare.process_tree import Script, command_line, descendants, remaining
from tests.integration.compare.services.data_api.data_api_client import DataApiClient

_CALLER = """
import os, time
from django_runtimes.compare.services.external_postgres import ExternalPostgres
from django_runtimes.compare.services.data_api.data_api_process import DataApiStandIn

with ExternalPostgres(os.environ["SERVER_URL"]) as server, DataApiStandIn(server):
    print("ready", flush=True)
    time.sleep(600)
"""


def test_each_call_takes_the_published_latency(database_server, data_api_database):
    with DataApiStandIn(database_server) as stand_in:
        client = DataApiClient(stand_in, data_api_database)
        client.rows("SELECT 1")
        begin = time.perf_counter()
        client.rows("SELECT 1")
        taken_ms = (time.perf_counter() - begin) * 1_000
        client.refusal("SELECT 1 / 0")
        with_refusal_ms = (time.perf_counter() - begin) * 1_000

    assert stand_in.latency_ms == 17.0
    assert taken_ms >= 17.0
    assert with_refusal_ms >= 34.0


def test_a_taken_port_is_reported_in_one_line(database_server):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CompareError) as raised, DataApiStandIn(database_server, port=port):
            pass

    assert str(raised.value) == (
        f"port {port} of 127.0.0.1 is taken, and the stand-in for the Data API needs one of its own; free it or choose "
        "another"
    )


def test_a_missing_botocore_is_reported_with_the_remedy(database_server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CompareError, match="botocore, which is not installed"):
        DataApiStandIn(database_server).__enter__()


def test_the_settings_do_not_show_their_secrets(database_server):
    shown = repr(DataApiStandIn(database_server)._settings)

    assert "postgresql://" not in shown
    assert "secret_access_key" not in shown


def test_a_password_that_only_a_variable_has(database_server, data_api_database, monkeypatch: pytest.MonkeyPatch):
    address = parse_database_url(database_server.url(database_server.maintenance_database))
    monkeypatch.setenv("PGPASSWORD", address.password)
    url = f"postgresql://{address.user}@{address.host}:{address.port}/{address.name}"

    with ExternalPostgres(url) as server, DataApiStandIn(server, latency_ms=0) as stand_in:
        assert DataApiClient(stand_in, data_api_database).rows("SELECT current_user") == [[address.user]]


def test_a_killed_caller_leaves_no_process(database_server):
    url = database_server.url(database_server.maintenance_database)
    with Script(_CALLER, SERVER_URL=url) as caller:
        assert caller.line() == "ready"
        started = descendants(caller.process.pid)
        names = [command_line(pid) for pid in started]

        caller.kill()

        assert any("compare.services.data_api" in name for name in names)
        assert remaining(started) == set()
