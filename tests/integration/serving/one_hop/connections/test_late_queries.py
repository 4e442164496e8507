"""Connections that receivers of `request_finished` use after Django has closed the request's own."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group
from django.core.signals import request_finished
from django.db import connections
from django.http import HttpResponse
from django.urls import path

from tests.integration.serving.one_hop.exchange import exchange


def count(request):
    return HttpResponse(str(Group.objects.count()))


urlpatterns = [path("count", count)]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def late_query() -> Iterator[None]:
    """Let a receiver use the database after Django's own receivers have closed the request's connections."""

    def query(**kwargs) -> None:
        Group.objects.exists()

    request_finished.connect(query)
    yield
    request_finished.disconnect(query)


async def test_a_receivers_late_query_leaves_no_connection(per_request, late_query, one_hop, opened_connections):
    handler = one_hop()
    for _ in range(3):
        await exchange(handler, "GET", "/count")

    assert opened_connections
    assert all(wrapper.connection is None for wrapper in opened_connections)


async def test_a_held_connection_is_checked_as_often_as_by_django(
    persistent, late_query, one_hop, opened_connections, monkeypatch
):
    checks = []
    wrapper_class = type(connections["default"])
    check = wrapper_class.close_if_unusable_or_obsolete
    monkeypatch.setattr(
        wrapper_class,
        "close_if_unusable_or_obsolete",
        lambda wrapper: checks.append(wrapper) or check(wrapper),
    )
    handler = one_hop(threads=1)
    await exchange(handler, "GET", "/count")
    checks.clear()

    await exchange(handler, "GET", "/count")

    # At the request's start and at its end.
    assert checks == [*opened_connections] * 2
