"""Requests for a host that is not the application's."""

import time
from collections.abc import Callable

import pytest

from tests.faults.figures.trials import Trial
from tests.image.containers import Container
from tests.image.faults.parts.lambda_container import LambdaContainer, lambda_container
from tests.image.faults.parts.serving import HEADERS, HOST, ask, serving
from tests.integration.serving.lambda_handler.front import event_of

_RESETS = 20
_FORGED = (
    *("10.0.0.7", "127.0.0.1:8000", "[::1]", "evil.example", "guestbook.example.evil.example", "xguestbook.example"),
    *("guestbook.example@evil.example", "guestbook.example:80@evil.example", "evil.example#guestbook.example", ""),
    *("guestbook.example, evil.example", "evil.example/guestbook.example", "guestbook.example evil.example"),
)
# Hosts in the health checks of load balancers.
_PROBES = ("10.0.0.7", "10.0.0.7:8000", "169.254.172.2")
# Forged headers beside the right Host, which the application must ignore.
_FORGED_HEADERS = (
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

# Takes the path, method, headers and body, and returns the status.
Ask = Callable[[str, str, dict[str, str], bytes], int]


@pytest.mark.fault(36, "host abuse", "aws_ecs")
def test_only_the_applications_own_host_is_accepted(trial: Trial, image, database_url, log) -> None:
    with serving(image, database_url, log) as container:

        def send(path: str, method: str, headers: dict[str, str], body: bytes) -> int:
            return ask(container.url, path, method=method, headers={**HEADERS, **headers}, body=body or None)[0]

        _judge(trial, container, send)


@pytest.mark.fault(36, "host abuse", "aws_lambda")
def test_only_the_applications_own_host_is_accepted_on_lambda(trial: Trial, image, database_url, log) -> None:
    with lambda_container(image, database_url, log) as function:
        fronts = iter(["http_api_v2", "rest_api_v1", "load_balancer", "function_url"] * 1_000)

        def send(path: str, method: str, headers: dict[str, str], body: bytes) -> int:
            return _invoke(function, next(fronts), path, method, headers, body)

        _judge(trial, function.container, send)


def _judge(trial: Trial, container: Container, send: Ask) -> None:
    limits = {"unhealthy": 0, "forged_accepted": 0, "right_refused": 0, "poisoned": 0}
    with trial.judged(least={"resets": _RESETS, "forged": len(_FORGED), "links": _RESETS / 2}, **limits):
        assert send("/faults/user", "GET", {}, b"") == 200
        for _ in trial.repetitions:
            sent_before = _links(container)
            resets = [_reset(send, number) for number in range(_RESETS)]
            # Each request with the right Host sends a link, which appears in the log with a delay.
            links = _wait_for_links(container, len(sent_before) + _RESETS // 2)[len(sent_before) :]
            trial.note(
                unhealthy=sum(send("/healthz", "GET", {"Host": host}, b"") != 200 for host in _PROBES),
                forged=len(_FORGED),
                forged_accepted=sum(send("/", "GET", {"Host": host}, b"") != 400 for host in _FORGED),
                right_refused=sum(send("/", "GET", headers, b"") != 200 for headers in _FORGED_HEADERS),
                resets=len(resets),
                links=len(links),
                poisoned=sum(not link.startswith(f"https://{HOST}/accounts/password-reset/") for link in links)
                + container.logs().count("evil.example/accounts"),
            )


def _reset(send: Ask, number: int) -> int:
    """Request a link to reset the password, with a forged Host if `number` is odd, else with another forged header."""
    forged = (
        {"Host": _FORGED[number // 2 % len(_FORGED)]}
        if number % 2
        else _FORGED_HEADERS[number // 2 % len(_FORGED_HEADERS)]
    )
    return send("/faults/reset", "POST", {**forged, **_FORM}, _EMAIL)


def _wait_for_links(container: Container, count: int) -> list[str]:
    deadline = time.monotonic() + 120
    while len(_links(container)) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    return _links(container)


def _links(container: Container) -> list[str]:
    """Return every link to reset a password that was emailed, which here means written to the log."""
    return [
        line.strip()
        for line in container.logs().splitlines()
        if "/accounts/password-reset/" in line and "{" not in line
    ]


def _invoke(function: LambdaContainer, front: str, path: str, method: str, headers: dict[str, str], body: bytes) -> int:
    event = event_of(front, method, path, body=body)
    for name, value in {"Host": HOST, "X-Forwarded-Proto": "https", **headers}.items():
        for kind, written in (("headers", value), ("multiValueHeaders", [value])):
            if kind in event:
                event[kind] = {old: kept for old, kept in event[kind].items() if old.lower() != name.lower()}
                event[kind][name] = written
    return function.invoke(event)["statusCode"]
