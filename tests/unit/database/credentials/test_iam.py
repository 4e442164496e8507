import re

import pytest

from webapp.config.credentials import IamToken
from webapp.database.credentials.iam import IamProvider
from webapp.database.credentials.provider import provider_of


@pytest.fixture(autouse=True)
def _access_key(monkeypatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "s3ss10n")


def provider(**arguments) -> IamProvider:
    return IamProvider(region="eu-west-1", host="db.example", port=5432, user="app", **arguments)


def test_a_token_is_for_the_host_the_port_and_the_user():
    login = provider().login()

    assert login.user == "app"
    assert login.password.startswith("db.example:5432/?Action=connect&DBUser=app&X-Amz-Algorithm=AWS4-HMAC-SHA256&")
    assert "%2Feu-west-1%2Frds-db%2Faws4_request" in login.password


def test_a_token_is_used_again_while_it_is_young():
    ours = provider()

    assert ours.login() == ours.login()


def test_an_old_token_is_signed_anew(monkeypatch):
    ours = provider(refresh_after_s=0.0)
    before = ours.login()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDOTHER")

    assert re.search("AKIDOTHER", ours.login().password)
    assert not re.search("AKIDOTHER", before.password)


def test_a_refused_token_is_not_worth_another_attempt():
    ours = provider()

    assert ours.forget(ours.login()) is False


def test_no_print_shows_the_token():
    assert "AKIDEXAMPLE" not in repr(provider().login())


def test_each_place_has_a_provider_of_its_own():
    database = {"CREDENTIALS": IamToken("eu-west-1"), "HOST": "db.example", "PORT": 5432, "USER": "app"}

    assert provider_of(database) is provider_of(dict(database))
    assert provider_of({**database, "HOST": "proxy.example"}) is not provider_of(database)


def test_a_password_needs_no_provider():
    assert provider_of({"CREDENTIALS": None}) is None
    assert provider_of({}) is None
