"""Clients that forge the headers that only a proxy may set."""

import json

import pytest

from tests.faults.figures.trials import Trial
from tests.image.faults.parts.lambda_container import lambda_container
from tests.image.faults.parts.serving import HOST, Conversation, ask, serving
from tests.integration.serving.lambda_handler.front import event_of

_CLIENT = "198.51.100.1"
# The trusted proxy's address on this machine; clients without it come from 127.0.0.1.
_PROXY = "127.0.0.9"

# Values and headers with which a client pretends to have another address, or to use HTTPS.
_ADDRESSES = (
    *("6.6.6.6", "127.0.0.1", _PROXY, "10.0.0.1", "::1", "[::1]:443", "6.6.6.6:80", "unknown", "", ","),
    *("6.6.6.6, 7.7.7.7", "6.6.6.6,", f"{_PROXY}, {_PROXY}", "6.6.6.6\t", "localhost", "0x7f.1", "6.6.6.6;"),
    *("2001:db8::bad", "for=6.6.6.6", "' OR 1=1 --"),
)
_NAMES = ("X-Forwarded-Proto", "x-forwarded-proto", "X_Forwarded_Proto", "Forwarded", "X-Forwarded-Ssl")
_SPOOFS = tuple((address, _NAMES[number % len(_NAMES)]) for number, address in enumerate(_ADDRESSES))


@pytest.mark.fault(37, "X-Forwarded spoofing", "aws_ecs")
def test_only_the_trusted_proxys_headers_are_used(trial: Trial, image, database_url, log) -> None:
    limits = {"direct_accepted": 0, "address_accepted": 0, "scheme_accepted": 0}
    variables = {"WEBAPP_TRUSTED_PROXIES": _PROXY}
    with (
        trial.judged(least={"spoofs": 20, "proxy_believed": 20}, **limits),
        serving(image, database_url, log, variables=variables) as container,
    ):
        for _ in trial.repetitions:
            direct = [_direct(container.url, address, name) for address, name in _SPOOFS]
            proxied = [_through_the_proxy(container.url, address, "https") for address, _ in _SPOOFS]
            plain = [_through_the_proxy(container.url, address, "http") for address, _ in _SPOOFS]
            trial.note(
                spoofs=len(_SPOOFS),
                # A client without HTTPS is redirected to it.
                direct_accepted=sum(status != 301 for status, _ in direct),
                address_accepted=sum(seen.get("client") != _CLIENT for status, seen in proxied),
                scheme_accepted=sum(status != 301 for status, _ in plain),
                proxy_believed=sum(status == 200 and seen["https"] for status, seen in proxied),
            )


@pytest.mark.fault(37, "X-Forwarded spoofing", "aws_lambda")
def test_only_the_fronts_headers_are_used_on_lambda(trial: Trial, image, database_url, log) -> None:
    with (
        trial.judged(least={"spoofs": 20, "front_believed": 20}, address_accepted=0, scheme_accepted=0),
        lambda_container(image, database_url, log) as function,
    ):
        for number in trial.repetitions:
            front = ("http_api_v2", "rest_api_v1", "load_balancer", "load_balancer_multi_value", "function_url")[number]
            replies = [
                [function.invoke(_event(front, address, scheme)) for address, _ in _SPOOFS]
                for scheme in ("https", "http")
            ]
            seen = [json.loads(reply["body"]) for reply in replies[0] if reply["statusCode"] == 200]
            trial.note(
                spoofs=len(_SPOOFS),
                front_believed=sum(each["https"] for each in seen),
                address_accepted=sum(each["client"] != _CLIENT for each in seen),
                scheme_accepted=sum(reply["statusCode"] != 301 for reply in replies[1]),
            )


def _direct(url: str, address: str, name: str) -> tuple[int, dict[str, object]]:
    value = "for=6.6.6.6;proto=https" if name == "Forwarded" else "https"
    return _seen(*ask(url, "/faults/client", headers={"Host": HOST, "X-Forwarded-For": address, name: value}))


def _through_the_proxy(url: str, address: str, scheme: str) -> tuple[int, dict[str, object]]:
    """Send the headers as a load balancer changes the client's: it adds an address and sets the scheme."""
    forwarded = f"{address}, {_CLIENT}" if address else _CLIENT
    # Not every load balancer replaces the client's scheme.
    schemes = "https, http" if scheme == "http" else scheme
    headers = {"Host": HOST, "X-Forwarded-For": forwarded, "X-Forwarded-Proto": schemes}
    with Conversation(url, source=_PROXY) as conversation:
        return _seen(*conversation.ask("/faults/client", headers=headers))


def _seen(status: int, body: bytes) -> tuple[int, dict[str, object]]:
    return status, json.loads(body) if status == 200 else {}


def _event(front: str, address: str, scheme: str) -> dict[str, object]:
    """Return a front's event, in which the front names the client or appends its address to the client's header."""
    event = event_of(front, "GET", "/faults/client")
    forwarded = f"{address}, {_CLIENT}" if address else _CLIENT
    for name, value in (("host", HOST), ("x-forwarded-for", forwarded), ("x-forwarded-proto", scheme)):
        for kind, written in (("headers", value), ("multiValueHeaders", [value])):
            if kind in event:
                event[kind] = {old: kept for old, kept in event[kind].items() if old.lower() != name}
                event[kind][name] = written
    context = event["requestContext"]
    if "http" in context:
        context["http"]["sourceIp"] = _CLIENT
    elif "elb" not in context:
        context["identity"] = {"sourceIp": _CLIENT}
    return event
