"""The tests of the example project; pytest collects this file only where the pin lint's tests name it."""

import os

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

pytestmark = pytest.mark.django_db


def test_locked(client):
    client.get("/locked?key=1")
    client.get("/locked?key=2")


def test_exported(client):
    client.get("/exported")


def test_imported(client):
    client.get("/imported")


def test_locked_again(client):
    client.get("/locked?key=3")


async def test_listed(async_client):
    await async_client.get("/listed")


def test_chosen(client, pin_lint):
    client.get("/chosen")

    assert [finding.rule.name for finding in pin_lint.pins] == ["cursor"]


@pytest.mark.pins("the report is run once a night, on a connection of its own")
def test_marked(client):
    client.get("/exported")


@pytest.fixture
def _prepared():
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")


@pytest.mark.usefixtures("_prepared")
def test_fixtures_are_the_tests_own(client):
    client.get("/clean")


def test_commands_take_the_direct_route():
    call_command("loaddata", "users.json", verbosity=0)

    assert User.objects.exists()


def test_clean(client):
    client.get("/clean")


@pytest.mark.skipif(not os.environ.get("SHOP_FAILS"), reason="fails on purpose")
def test_that_fails(client):
    client.get("/locked?key=1")
    raise AssertionError


def test_without_database():
    assert True
