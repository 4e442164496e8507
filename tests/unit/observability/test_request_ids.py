"""The ids of a request come from the headers of trusted hops, if they are well formed."""

import re

import pytest

from django_runtimes.observability.access.request_ids import lambda_trace_id, read_ids

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
ROOT = "1-67891233-abcdef012345678912345678"


@pytest.mark.parametrize("given", [b"a", b"4bf92f35-77b3", b"JKJaXmPLvHcESHA=", b"x" * 128])
def test_a_usual_id_is_used(given):
    assert read_ids([(b"x-request-id", given)]).request_id == given.decode()


@pytest.mark.parametrize("given", [b"", b"two words", b'a"b', b"a\nb", "é".encode(), b"x" * 129])
def test_any_other_id_is_replaced(given):
    assert re.fullmatch("[0-9a-f]{32}", read_ids([(b"x-request-id", given)]).request_id)
    assert read_ids([(b"x-request-id", given)], otherwise="the-invocation").request_id == "the-invocation"


def test_the_last_of_several_headers_is_the_nearest_hops():
    assert read_ids([(b"x-request-id", b"forged"), (b"x-request-id", b"front")]).request_id == "front"


def test_each_made_id_differs():
    assert len({read_ids([]).request_id for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("headers", "trace_id"),
    [
        ({}, None),
        ({b"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, TRACE),
        ({b"traceparent": f"cc-{TRACE}-00f067aa0ba902b7-01-more"}, TRACE),
        ({b"traceparent": f"ff-{TRACE}-00f067aa0ba902b7-01"}, None),
        ({b"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"}, None),
        ({b"traceparent": f"00-{TRACE}-{'0' * 16}-01"}, None),
        ({b"traceparent": f"00-{TRACE.upper()}-00f067aa0ba902b7-01"}, None),
        ({b"x-amzn-trace-id": f"Root={ROOT}"}, ROOT),
        ({b"x-amzn-trace-id": f"Self=1-67891234-{'1' * 24};Root={ROOT};Sampled=1"}, ROOT),
        ({b"x-amzn-trace-id": f"Self=1-67891234-{'1' * 24}"}, None),
        ({b"x-amzn-trace-id": f'Root={ROOT}"'}, None),
        ({b"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", b"x-amzn-trace-id": f"Root={ROOT}"}, TRACE),
        ({b"traceparent": "malformed", b"x-amzn-trace-id": f"Root={ROOT}"}, ROOT),
    ],
)
def test_the_traces_id(headers, trace_id):
    assert read_ids([(name, value.encode()) for name, value in headers.items()]).trace_id == trace_id


@pytest.mark.parametrize(
    ("variable", "trace_id"), [("", None), (f"Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1", ROOT)]
)
def test_the_trace_of_an_invocation(monkeypatch, variable, trace_id):
    monkeypatch.setenv("_X_AMZN_TRACE_ID", variable)

    assert lambda_trace_id() == trace_id
