"""Measurements stay right while threads open connections."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from django_runtimes.config.http.measurement_token import FACTS_HEADER, TOKEN_HEADER, read_facts, signed_token
from django_runtimes.config.secret import Secret
from django_runtimes.databases import opened_connections
from django_runtimes.entrypoints.measured_process import MeasuredProcess

KEY = Secret("k" * 32)
HERE = SimpleNamespace(
    runtime="aws_ecs", profile=SimpleNamespace(connections=SimpleNamespace(name="per_request"), route="direct")
)


class OpenedConnection:
    """A driver's connection; reading the state of a slow one waits for `may_continue` for half a second."""

    def __init__(self) -> None:
        self.is_closed = False
        self.is_slow = False
        self.is_read = threading.Event()
        self.may_continue = threading.Event()

    @property
    def closed(self) -> bool:
        if self.is_slow:
            self.is_slow = False
            self.is_read.set()
            self.may_continue.wait(0.5)
        return self.is_closed


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> MeasuredProcess:
    """A process without the pools that other tests have left open."""
    monkeypatch.setattr(opened_connections, "pools", {})
    return MeasuredProcess(KEY, HERE)


def wrapper_of(connection: OpenedConnection) -> SimpleNamespace:
    return SimpleNamespace(connection=connection)


def facts_of(process: MeasuredProcess) -> dict[str, str]:
    token = signed_token(KEY, now_s=time.time(), nonce="nonce")
    report = process.begin([(TOKEN_HEADER.lower().encode(), token.encode())])
    ((name, value),) = report()
    assert name == FACTS_HEADER.lower().encode()
    return read_facts(value.decode(), KEY, token=token)


def test_a_report_has_the_most_connections_since_the_one_before(process):
    opened = [OpenedConnection() for _ in range(3)]
    for each in opened:
        process._connections._note(wrapper_of(each))
    for each in opened[1:]:
        each.is_closed = True

    assert [facts_of(process)["connections"] for _ in range(2)] == ["3", "1"]


def test_opening_a_connection_does_not_restore_an_earlier_peak(process):
    first, second, third = (OpenedConnection() for _ in range(3))
    for each in (first, second):
        process._connections._note(wrapper_of(each))
    second.is_closed = True
    # The thread that opens the third connection has read the peak of two, and now counts.
    first.is_slow = True
    third.is_closed = True
    with ThreadPoolExecutor() as threads:
        noting = threads.submit(process._connections._note, wrapper_of(third))
        assert first.is_read.wait(60)
        assert facts_of(process)["connections"] == "2"
        first.may_continue.set()
        noting.result(60)

    assert facts_of(process)["connections"] == "1"
