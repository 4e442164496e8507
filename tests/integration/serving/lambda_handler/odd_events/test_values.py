"""Values that receivers and middleware set are kept until their invocation ends, and leak into no other invocation."""

import threading
from functools import partialmethod
from unittest.mock import patch

import pytest
from django.core.handlers.asgi import ASGIHandler, ASGIRequest

from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler
from django_runtimes.serving.aws_lambda.handler import DirectLambdaHandler
from tests.integration.serving.lambda_handler.conftest import CONTEXT
from tests.integration.serving.lambda_handler.front import event_of
from tests.integration.serving.middleware import context_values


@pytest.fixture(autouse=True)
def _values_urlconf(_urls_of_the_test_module, settings, listed) -> None:
    settings.ROOT_URLCONF = context_values.__name__
    settings.MIDDLEWARE = [listed(f"{context_values.__name__}.sets_a_variable")]


@pytest.mark.parametrize("detour", [False, True], ids=["direct", "detour"])
@pytest.mark.parametrize("view", context_values.VIEWS)
def test_an_invocation_keeps_its_values_until_its_end(ours, monkeypatch, view, detour):
    if detour:
        original = ASGIHandler.__call__
        monkeypatch.setattr(ASGIHandler, "__call__", partialmethod(original))
    for number in range(3):
        with context_values.Recording():
            ours(event_of("http_api_v2", "GET", f"/{view}/{number}"))
        context_values.check(f"/{view}/{number}")


def test_a_sync_view_and_its_signals_run_on_the_invoking_thread(ours):
    with context_values.Recording():
        ours(event_of("http_api_v2", "GET", "/sync_stream/1"))

    assert {thread for *_, thread in context_values.notes} == {threading.get_ident()}


class MarkedRequest(ASGIRequest):
    """A request class whose instances the test counts."""


class MarkedHandler(OneHopASGIHandler):
    request_class = MarkedRequest


@pytest.mark.parametrize("view", context_values.VIEWS)
def test_the_asgi_handlers_request_class_is_used(view):
    handler = DirectLambdaHandler(asgi_handler=MarkedHandler(threads=1))
    made = []
    with patch.object(MarkedRequest, "__init__", lambda self, *args: made.append(ASGIRequest.__init__(self, *args))):
        handler(event_of("http_api_v2", "GET", f"/{view}/1"), CONTEXT)
    handler.close()

    assert len(made) == 1
