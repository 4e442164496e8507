import pytest

from django_runtimes.compare.deployed.deployed_name import DeployedName
from django_runtimes.compare.deployed.process_reports import ProcessReports
from django_runtimes.compare.record.sampled_connections import SampledConnections
from django_runtimes.config.http.measurement_token import FACTS_HEADER, TOKEN_HEADER, signed_facts

KEY = "k" * 32


def answer(reports: ProcessReports, *, key: str = KEY, latency_ms: float = 40.0, **facts: str) -> None:
    """Let the reports sign a request, and read an answer to it with these facts."""
    sent = reports.sign()
    facts = {
        "process": "a", "served": "5", "ready_ms": "300", "age_ms": "9000", "connections": "1", "opened": "7",
        "runtime": "aws_lambda", "strategy": "per_request", "route": "proxy", "initialization": "on-demand", **facts,
    }  # fmt: skip
    reports.read(sent, {FACTS_HEADER: signed_facts(facts, key, token=sent[TOKEN_HEADER])}, latency_ms)


def reports_of(name: str = "aws_lambda", key: str | None = KEY) -> ProcessReports:
    return ProcessReports(DeployedName.parse(name), key)


def test_without_a_key_nothing_is_signed_or_read():
    reports = reports_of(key=None)

    assert reports.sign() == {}
    reports.read({}, {FACTS_HEADER: "process=a"}, 1.0)
    assert (reports.processes, reports.opened) == (0, None)
    assert "set WEBAPP_MEASUREMENT_KEY" in reports.notes[0]


def test_each_request_has_a_token_of_its_own():
    reports = reports_of()

    assert reports.sign() != reports.sign()


async def test_an_interval_sums_the_peaks_of_its_processes():
    reports = reports_of()
    answer(reports, process="before", connections="9")
    window = reports.window()
    assert await window.stop() == SampledConnections(0, 0.0, 0)

    for process, connections in [("a", "1"), ("b", "3"), ("a", "2"), ("a", "0")]:
        answer(reports, process=process, connections=connections)

    # The sums of the latest numbers are 1, 4, 5 and 3.
    assert await window.stop() == SampledConnections(5, 3.25, 4)


def test_opened_connections_are_counted_from_the_first_report_on():
    reports = reports_of()
    answer(reports, process="known", served="5", opened="7")
    answer(reports, process="known", served="6", opened="9")
    answer(reports, process="new", served="0", opened="2")

    assert reports.opened == 2 + 2
    assert reports.processes == 2


def test_the_first_request_of_an_environment_waits_for_a_cold_start():
    reports = reports_of()
    answer(reports, served="0", ready_ms="300", latency_ms=350.0)
    answer(reports, served="1", ready_ms="300", latency_ms=350.0)
    # The environment was started before the request arrived.
    answer(reports, served="0", ready_ms="300", latency_ms=20.0)
    answer(reports, served="0", ready_ms="300", latency_ms=350.0, initialization="provisioned-concurrency")
    answer(reports, served="0", ready_ms="300", latency_ms=350.0, initialization="lambda-managed-instances")

    assert [(start.ready_ms, start.first_response_ms) for start in reports.cold_starts] == [(300.0, 50.0)]


def test_a_restored_snapshot_has_one_phase():
    reports = reports_of()
    answer(reports, served="0", ready_ms="300", latency_ms=150.0, initialization="snap-start")

    assert [(start.ready_ms, start.first_response_ms) for start in reports.cold_starts] == [(0.0, 150.0)]


def test_the_first_request_of_a_container_is_no_cold_start():
    reports = reports_of("aws_ecs")
    answer(reports, served="0", ready_ms="300", latency_ms=350.0, runtime="aws_ecs")

    assert reports.cold_starts == []


def test_forged_and_cached_answers_are_ignored():
    reports = reports_of()
    answer(reports, key="x" * 32)
    first, second = reports.sign(), reports.sign()
    reports.read(second, {FACTS_HEADER: signed_facts({"process": "a"}, KEY, token=first[TOKEN_HEADER])}, 1.0)

    assert reports.processes == 0
    assert "no valid measurements" in reports.notes[0]


@pytest.mark.parametrize(
    ("name", "contradiction"),
    [
        ("aws_lambda", None),
        ("aws_ecs", "reports the runtime 'aws_lambda', and the target's name says 'aws_ecs'"),
        ("aws_lambda/pool/proxy", "reports the strategy 'per_request', and the target's name says 'pool'"),
        ("aws_lambda/per_request/direct", "reports the route 'proxy', and the target's name says 'direct'"),
    ],
)
def test_a_service_that_contradicts_its_name_is_noticed(name, contradiction):
    reports = reports_of(name)
    answer(reports)

    assert (reports.contradiction is None) == (contradiction is None)
    assert contradiction is None or contradiction in reports.contradiction
