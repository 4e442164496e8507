import time

import pytest

from django_runtimes.compare.load.block import TIMEOUT
from django_runtimes.compare.load.due_request import DueRequest
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.load.target_answer import TargetAnswer
from django_runtimes.compare.workload.workload import RequestTemplate

WRITE = RequestTemplate(
    name="add", scenario="write", share=1.0, method="POST", path="/entries/", headers={}, body="{key}"
)
EXPECTED = TargetAnswer(None, "status 201")


@pytest.fixture
def ledger() -> Ledger:
    return Ledger("run", 0)


def test_a_write_has_a_key_and_is_acknowledged_with_its_answer(ledger: Ledger):
    request = DueRequest(WRITE, time.perf_counter(), ledger, None)

    assert request.template.body == "run-0-0"
    assert (ledger.sent, ledger.acknowledged) == (1, 0)
    assert request.outcome(EXPECTED, timeout_s=10, host="localhost").error is None
    assert ledger.acknowledged == 1


def test_a_write_with_another_answer_is_ambiguous(ledger: Ledger):
    request = DueRequest(WRITE, time.perf_counter(), ledger, None)

    outcome = request.outcome(TargetAnswer("status_503", "status 503"), timeout_s=10, host="localhost")

    assert (outcome.request, outcome.error) == ("add", "status_503")
    assert outcome.seen.startswith("status 503; ")
    assert ledger.ambiguous == 1


def test_latency_counts_from_the_moment_at_which_a_request_was_due(ledger: Ledger):
    due = time.perf_counter() - 2
    request = DueRequest(WRITE, due, ledger, None)

    outcome = request.outcome(EXPECTED, timeout_s=10, host="localhost")

    assert 2_000 <= outcome.late_ms <= outcome.latency_ms <= (time.perf_counter() - due) * 1_000


def test_a_request_without_an_answer_took_the_whole_time_limit(ledger: Ledger):
    request = DueRequest(WRITE, time.perf_counter(), ledger, None)

    outcome = request.outcome(TargetAnswer(TIMEOUT, "no complete answer in time"), timeout_s=10, host="localhost")

    assert outcome.latency_ms == 10_000
