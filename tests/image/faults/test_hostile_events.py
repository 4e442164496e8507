"""Ten thousand hostile events."""

from collections import Counter

import pytest

from django_runtimes.compare.emulator.invocation import InvocationError
from tests.faults.figures.trials import Trial
from tests.image.faults.parts.hostile_events import hostile_events
from tests.image.faults.parts.lambda_container import lambda_container

_CASES = 10_000
_SEED = 25
# JSON that no front sends, but that any caller with permission to invoke the function can send.
_NO_OBJECTS = (None, True, 5, 0.5, "", "text", [], [{}])


@pytest.mark.fault(25, "hostile events", "aws_lambda", repetitions=1)
def test_no_event_ends_the_process_or_becomes_a_server_error(trial: Trial, image, database_url, log) -> None:
    least = {"cases": _CASES, "refused": _CASES / 10, "served": _CASES / 10, "explained": len(_NO_OBJECTS)}
    with (
        trial.judged(least=least, deaths=0, server_errors=0, failed=0),
        lambda_container(image, database_url, log) as function,
    ):
        before = function.container.pid
        fronts, events = zip(*hostile_events(_CASES, _SEED), strict=True)
        no_objects = function.invoke_all(_NO_OBJECTS)
        outcomes = function.invoke_all(events)
        statuses = Counter(
            502 if isinstance(outcome, InvocationError) else outcome["statusCode"] for outcome in outcomes
        )
        trial.note(
            cases=len(outcomes),
            deaths=not function.container.is_running or function.container.pid != before,
            failed=sum(isinstance(outcome, InvocationError) for outcome in outcomes),
            server_errors=sum(count for status, count in statuses.items() if status >= 500),
            refused=sum(count for status, count in statuses.items() if 400 <= status < 500),
            served=sum(count for status, count in statuses.items() if status < 400),
            explained=sum("is not a request from an HTTP API" in str(outcome) for outcome in no_objects),
        )
        for front, event, outcome in zip(fronts, events, outcomes, strict=True):
            status = 502 if isinstance(outcome, InvocationError) else outcome["statusCode"]
            assert status < 500, (front, event, outcome)
