"""Requests that name another host than the application's."""

import time
from collections.abc import Callable

import pytest

from tests.faults.figures.trials import Trial
from tests.image.containers import Container
from tests.image.faults.lambda_container import LambdaContainer, lambda_container
from tests.image.faults.serving import HEADERS, HOST, ask, serving
from tests.integration.serving.lambda_handler.front import event_of

_RESETS = 20
_FORGED = (
    *("10.0.0.7", "127.0.0.1:8000", "[::1]", "evil.example", "guestbook.example.evil.example", "xguestbook.example"),
    *("guestbook.example@evil.example", "guestbook.example:80@evil.example", "evil.example#guestbook.example", ""),
    *("guestbook.example, evil.example", "evil.example/guestbook.example", "guestbook.example evil.example"),
)
# What load balancers put there when they ask for health.
_PROBES = ("10.0.0.7", "10.0.0.7:8000", "169.254.172.2")
# With the right Host; the application trusts no other header to name it.
_BESIDE_THE_HOST = (
    {"X-Forwarded-Host": "evil.example"},
    {"X-Forwarded-Host": "guestbook.example, evil.example"},
    {"Forwarded": "for=1.2.3.4;host=evil.example;proto=https"},
    {"X-Host": "evil.example", "X-HTTP-Host-Override": "evil.example", "X-Original-Host": "evil.example"},
    {"X-Forwarded-Server": "evil.example", "X-Forwarded-Port": "1"},
    {"X-Original-URL": "https://evil.example/", "X-Rewrite-URL": "https://evil.example/"},
    {"Referer": "https://evil.example/", "Origin": "https://evil.example"},
)
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_EMAIL = b"email=victim%40guestbook.example"

# Path, method, headers, body; returns the status.
Ask = Callable[[str, str, dict[str, str], bytes], int]


@pytest.mark.fault(36, "host abuse", "aws_ecs")
def test_no_host_but_the_applications_own_is_believed(trial: Trial, image, database_url, log) -> None:
    with serving(image, database_url, log) as container:

        def ask_it(path: str, method: str, headers: dict[str, str], body: bytes) -> int:
            return ask(container.url, path, method=method, headers={**HEADERS, **headers}, body=body or None)[0]

        _judge(trial, container, ask_it)


@pytest.mark.fault(36, "host abuse", "aws_lambda")
def test_no_host_but_the_applications_own_is_believed_on_lambda(trial: Trial, image, database_url, log) -> None:
    with lambda_container(image, database_url, log) as function:
        fronts = iter(["http_api_v2", "rest_api_v1", "load_balancer", "function_url"] * 1_000)

        def ask_it(path: str, method: str, headers: dict[str, str], body: bytes) -> int:
            return _invoke(function, next(fronts), path, method, headers, body)

        _judge(trial, function.container, ask_it)


def _judge(trial: Trial, container: Container, ask_it: Ask) -> None:
    limits = {"unhealthy": 0, "forged_accepted": 0, "right_refused": 0, "poisoned": 0}
    with trial.judged(least={"resets": _RESETS, "forged": len(_FORGED), "links": _RESETS / 2}, **limits):
        assert ask_it("/faults/user", "GET", {}, b"") == 200
        for _ in trial.repetitions:
            sent_before = _links(container)
            resets = [_reset(ask_it, number) for number in range(_RESETS)]
            # Those with the right Host are mailed one; the log takes its time.
            links = _wait_for_links(container, len(sent_before) + _RESETS // 2)[len(sent_before) :]
            trial.note(
                unhealthy=sum(ask_it("/healthz", "GET", {"Host": host}, b"") != 200 for host in _PROBES),
                forged=len(_FORGED),
                forged_accepted=sum(ask_it("/", "GET", {"Host": host}, b"") != 400 for host in _FORGED),
                right_refused=sum(ask_it("/", "GET", headers, b"") != 200 for headers in _BESIDE_THE_HOST),
                resets=len(resets),
                links=len(links),
                poisoned=sum(not link.startswith(f"https://{HOST}/accounts/reset/") for link in links)
                + container.logs().count("evil.example/accounts"),
            )


def _reset(ask_it: Ask, number: int) -> int:
    """Ask for a link to reset the password, every other time with the right Host and a forgery beside it."""
    forged = (
        {"Host": _FORGED[number // 2 % len(_FORGED)]}
        if number % 2
        else _BESIDE_THE_HOST[number // 2 % len(_BESIDE_THE_HOST)]
    )
    return ask_it("/faults/reset", "POST", {**forged, **_FORM}, _EMAIL)


def _wait_for_links(container: Container, count: int) -> list[str]:
    deadline = time.monotonic() + 5
    while len(_links(container)) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    return _links(container)


def _links(container: Container) -> list[str]:
    """Every link to reset a password that was mailed, which here is the log."""
    return [line.strip() for line in container.logs().splitlines() if "/accounts/reset/" in line and "{" not in line]


def _invoke(function: LambdaContainer, front: str, path: str, method: str, headers: dict[str, str], body: bytes) -> int:
    event = event_of(front, method, path, body=body)
    for name, value in {"Host": HOST, "X-Forwarded-Proto": "https", **headers}.items():
        for kind, written in (("headers", value), ("multiValueHeaders", [value])):
            if kind in event:
                event[kind] = {old: kept for old, kept in event[kind].items() if old.lower() != name.lower()}
                event[kind][name] = written
    return function.invoke(event)["statusCode"]
