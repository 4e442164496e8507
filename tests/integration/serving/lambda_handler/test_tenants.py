"""Every part of an invocation sees the values that middleware sets on the connection and the thread."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from tests.integration.serving.lambda_handler.front import body_of, event_of
from tests.integration.serving.tenants import urlpatterns  # noqa: F401  (read by Django)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("tenants")]


def ask_as(ours, tenant: str, target: str) -> bytes:
    return body_of(ours(event_of("http_api_v2", "GET", target, headers={"x-tenant": tenant})))


@pytest.mark.parametrize("target", ["/page", "/apage", "/stream", "/astream", "/hidden", "/hidden/stream", "/bridges"])
def test_every_part_of_a_request_sees_its_tenant(ours, target):
    for tenant in ("tenant_a", "tenant_b") * 2:
        ask_as(ours, "tenant_c", "/apage")
        ask_as(ours, "tenant_d", "/page")

        assert set(ask_as(ours, tenant, target).split()) == {tenant.encode()}


@pytest.mark.parametrize("target", ["/stream", "/hidden", "/hidden/stream", "/hidden/fails", "/hidden/cancels"])
def test_no_connection_outlives_a_bridged_view(ours, opened_connections, target):
    ask_as(ours, "tenant_a", target)

    (wrapper,) = opened_connections
    assert wrapper.connection is None or wrapper.settings_dict["CONN_MAX_AGE"]
    assert not wrapper.in_atomic_block


@pytest.mark.parametrize("target", ["/hidden", "/hidden/fails", "/hidden/cancels", "/stream"])
def test_a_sync_view_can_bridge_after_a_bridged_view(ours, target):
    ask_as(ours, "tenant_a", target)

    assert ask_as(ours, "tenant_b", "/bridges") == b"tenant_b "


def test_a_bridged_view_sees_the_threads_local_values(ours):
    assert ask_as(ours, "tenant_a", "/hidden/thread") == b"tenant_a"
    assert ask_as(ours, "tenant_b", "/hidden/thread") == b"tenant_b"


def test_a_bridged_view_writes_in_the_middlewares_transaction(ours, settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.integration.serving.tenants.RollsBack"]

    assert ask_as(ours, "public", "/hidden/adds") == b"added"

    connection.set_tenant("public")
    assert not Group.objects.filter(name="added").exists()
