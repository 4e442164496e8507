import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from types import SimpleNamespace

import pytest

from django_runtimes.databases import moment
from django_runtimes.databases.credentials.provider import ConnectionLogin, CredentialsError
from django_runtimes.databases.credentials.renewal import Renewal

RENEW_AFTER_S = 600.0
USABLE_FOR_S = 900.0


class Clock:
    now_s = 1_000.0

    def forward(self, seconds: float) -> None:
        self.now_s += seconds


class Source:
    """Gives logins, or fails while it is away."""

    def __init__(self) -> None:
        self.asked = 0
        self.away = False
        self.answers = Event()
        self.answers.set()

    def __call__(self) -> ConnectionLogin:
        self.asked += 1
        number = self.asked
        assert self.answers.wait(30)
        if self.away:
            raise CredentialsError(f"attempt {number} came to nothing")
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


def test_a_login_is_fetched_once_and_again_when_it_is_old(renewal, clock):
    assert renewal.login() == renewal.login() == ConnectionLogin("app", "password 1")

    clock.forward(RENEW_AFTER_S)

    assert renewal.login() == ConnectionLogin("app", "password 2")


def test_the_former_login_serves_on_while_it_is_usable_and_no_longer(renewal, source, clock, caplog):
    former = renewal.login()
    source.away = True
    clock.forward(RENEW_AFTER_S)

    assert renewal.login() == former
    clock.forward(USABLE_FOR_S - RENEW_AFTER_S - 1)
    assert renewal.login() == former
    clock.forward(1)
    with pytest.raises(CredentialsError, match="attempt 4 came to nothing"):
        renewal.login()

    assert [record.getMessage() for record in caplog.records] == [
        "attempt 2 came to nothing; the former login serves on",
        "attempt 3 came to nothing; the former login serves on",
    ]


def test_a_renewal_that_failed_is_tried_again_soon(renewal, source, clock):
    renewal.login()
    source.away = True
    clock.forward(RENEW_AFTER_S)
    renewal.login()
    source.away = False

    clock.forward(9)
    assert renewal.login() == ConnectionLogin("app", "password 1")
    clock.forward(1)
    assert renewal.login() == ConnectionLogin("app", "password 3")


def test_nobody_who_has_a_login_waits_for_another(renewal, source, clock):
    former = renewal.login()
    clock.forward(RENEW_AFTER_S)
    source.answers.clear()

    with ThreadPoolExecutor(1) as thread:
        renewing = thread.submit(renewal.login)
        while source.asked < 2:
            time.sleep(0.01)
        assert renewal.login() == former
        source.answers.set()

        assert renewing.result() == ConnectionLogin("app", "password 2")


def test_all_who_wait_get_the_same_failure(renewal, source):
    source.away = True
    source.answers.clear()

    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(renewal.login) for _ in range(8)]
        while source.asked < 1:
            time.sleep(0.01)
        source.answers.set()
        failures = {str(one.exception()) for one in waiting}

    assert failures == {"attempt 1 came to nothing"}


def test_a_failure_is_remembered_for_a_second(renewal, source, clock):
    source.away = True
    for _ in range(3):
        with pytest.raises(CredentialsError, match="attempt 1 came to nothing"):
            renewal.login()
    source.away = False

    clock.forward(1)

    assert renewal.login() == ConnectionLogin("app", "password 2")


def test_a_refused_login_is_replaced_once_a_second_at_most(renewal, source, clock):
    refused = renewal.login()
    assert renewal.replace(refused) is False
    assert source.asked == 1

    clock.forward(1)

    assert renewal.replace(refused) is True
    assert renewal.replace(refused) is True
    assert source.asked == 2


def test_a_refused_login_stays_when_there_is_no_other(renewal, source, clock):
    refused = renewal.login()
    source.away = True
    clock.forward(1)

    assert renewal.replace(refused) is False
    assert renewal.login() == refused
