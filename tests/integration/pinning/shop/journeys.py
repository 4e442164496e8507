"""The tests of the example project; pytest collects this file only where the pin lint's tests name it."""

import os

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

pytestmark = pytest.mark.django_db


def test_the_locked_page_takes_locks(client):
    client.get("/locked?key=1")
    client.get("/locked?key=2")


def test_the_exported_page_opens_a_cursor(client):
    client.get("/exported")


def test_the_imported_page_sends_a_long_statement(client):
    client.get("/imported")


def test_the_locked_page_takes_another_lock(client):
    client.get("/locked?key=3")


async def test_the_listed_page_opens_an_asynchronous_cursor(async_client):
    await async_client.get("/listed")


def test_the_chosen_page_opens_a_cursor_in_a_form(client, pin_lint):
    client.get("/chosen")

    assert [finding.rule.name for finding in pin_lint.found] == ["cursor"]


@pytest.mark.pins("the report is run once a night, on a connection of its own")
def test_the_marked_test_may_pin(client):
    client.get("/exported")


@pytest.fixture
def _prepared():
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")


@pytest.mark.usefixtures("_prepared")
def test_the_fixture_may_set_session_state(client):
    client.get("/clean")


def test_management_commands_use_the_direct_route():
    call_command("loaddata", "users.json", verbosity=0)

    assert User.objects.exists()


def test_the_clean_page_does_not_pin(client):
    client.get("/clean")


@pytest.mark.skipif(not os.environ.get("SHOP_FAILS"), reason="fails on purpose")
def test_the_failing_test_pins(client):
    client.get("/locked?key=1")
    raise AssertionError


def test_no_statement_is_sent_without_database():
    assert True
