import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from types import SimpleNamespace

import pytest

from django_runtimes import moment
from django_runtimes.databases.credentials.connection_login import ConnectionLogin, CredentialsError
from django_runtimes.databases.credentials.renewal import Renewal
from tests.unit.library_records import library_records

RENEW_AFTER_S = 600.0
USABLE_FOR_S = 900.0


class Clock:
    now_s = 1_000.0

    def forward(self, seconds: float) -> None:
        self.now_s += seconds


class Source:
    """A source of logins that fails while it is down."""

    def __init__(self) -> None:
        self.calls = 0
        self.down = False
        self.may_answer = Event()
        self.may_answer.set()

    def __call__(self) -> ConnectionLogin:
        self.calls += 1
        number = self.calls
        assert self.may_answer.wait(30)
        if self.down:
            raise CredentialsError(f"attempt {number} failed")
        return ConnectionLogin("app", f"password {number}")


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(moment, "time", SimpleNamespace(monotonic=lambda: clock.now_s, time=lambda: clock.now_s))
    return clock


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def renewal(clock, source) -> Renewal:
    return Renewal(source, renew_after_s=RENEW_AFTER_S, usable_for_s=USABLE_FOR_S)


def test_a_login_is_kept_until_it_is_old(renewal, clock):
    assert renewal.login() == renewal.login() == ConnectionLogin("app", "password 1")

    clock.forward(RENEW_AFTER_S)

    assert renewal.login() == ConnectionLogin("app", "password 2")


def test_the_former_login_is_used_while_it_is_usable(renewal, source, clock, caplog):
    former = renewal.login()
    source.down = True
    clock.forward(RENEW_AFTER_S)

    assert renewal.login() == former
    clock.forward(USABLE_FOR_S - RENEW_AFTER_S - 1)
    assert renewal.login() == former
    clock.forward(1)
    with pytest.raises(CredentialsError, match="attempt 4 failed"):
        renewal.login()

    assert [record.getMessage() for record in library_records(caplog)] == [
        "attempt 2 failed; the previous login is still used",
        "attempt 3 failed; the previous login is still used",
    ]


def test_a_failed_renewal_is_retried_soon(renewal, source, clock):
    renewal.login()
    source.down = True
    clock.forward(RENEW_AFTER_S)
    renewal.login()
    source.down = False

    clock.forward(9)
    assert renewal.login() == ConnectionLogin("app", "password 1")
    clock.forward(1)
    assert renewal.login() == ConnectionLogin("app", "password 3")


def test_a_thread_with_a_login_does_not_wait_for_another(renewal, source, clock):
    former = renewal.login()
    clock.forward(RENEW_AFTER_S)
    source.may_answer.clear()

    with ThreadPoolExecutor(1) as thread:
        renewing = thread.submit(renewal.login)
        while source.calls < 2:
            time.sleep(0.01)
        assert renewal.login() == former
        source.may_answer.set()

        assert renewing.result() == ConnectionLogin("app", "password 2")


def test_all_waiting_threads_get_the_same_failure(renewal, source):
    source.down = True
    source.may_answer.clear()

    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(renewal.login) for _ in range(8)]
        while source.calls < 1:
            time.sleep(0.01)
        source.may_answer.set()
        failures = {str(one.exception()) for one in waiting}

    assert failures == {"attempt 1 failed"}


def test_a_failure_is_remembered_for_a_second(renewal, source, clock):
    source.down = True
    for _ in range(3):
        with pytest.raises(CredentialsError, match="attempt 1 failed"):
            renewal.login()
    source.down = False

    clock.forward(1)

    assert renewal.login() == ConnectionLogin("app", "password 2")


def test_a_refused_login_is_replaced_once_a_second_at_most(renewal, source, clock):
    refused = renewal.login()
    assert renewal.replace(refused) is False
    assert source.calls == 1

    clock.forward(1)

    assert renewal.replace(refused) is True
    assert renewal.replace(refused) is True
    assert source.calls == 2


def test_a_refused_login_is_kept_if_no_other_can_be_fetched(renewal, source, clock):
    refused = renewal.login()
    source.down = True
    clock.forward(1)

    assert renewal.replace(refused) is False
    assert renewal.login() == refused
