import re
from types import SimpleNamespace

import pytest

from django_runtimes import moment
from django_runtimes.aws.signature import AccessKey
from django_runtimes.aws.temporary_key import AwsCredentialsError
from django_runtimes.config.databases.credentials import IamToken
from django_runtimes.databases.credentials.connection_login import CredentialsError
from django_runtimes.databases.credentials.iam import IamProvider
from django_runtimes.databases.credentials.provider import provider_of


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


def test_a_fresh_token_is_reused():
    ours = provider()

    assert ours.login() == ours.login()


def test_an_old_token_is_replaced(monkeypatch):
    ours = provider(refresh_after_s=0.0)
    before = ours.login()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDOTHER")

    assert re.search("AKIDOTHER", ours.login().password)
    assert not re.search("AKIDOTHER", before.password)


def test_a_refused_token_is_not_tried_again():
    ours = provider()

    assert ours.forget(ours.login()) is False


def test_a_login_does_not_print_its_token():
    assert "AKIDEXAMPLE" not in repr(provider().login())


@pytest.mark.parametrize(
    ("engine", "port"), [("django_runtimes.databases.mysql", 3306), ("django_runtimes.databases.postgresql", 5432)]
)
def test_a_token_for_an_empty_port_names_the_engines_own(engine, port):
    database = {"ENGINE": engine, "CREDENTIALS": IamToken("eu-west-1"), "HOST": "db.example", "USER": "app"}

    provider = provider_of(database | {"PORT": ""})

    assert provider is provider_of(database | {"PORT": port})
    assert f"db.example:{port}/" in provider.login().password


def test_each_address_has_its_own_provider():
    database = {"CREDENTIALS": IamToken("eu-west-1"), "HOST": "db.example", "PORT": 5432, "USER": "app"}

    assert provider_of(database) is provider_of(dict(database))
    assert provider_of({**database, "HOST": "proxy.example"}) is not provider_of(database)


def test_a_password_needs_no_provider():
    assert provider_of({"CREDENTIALS": None}) is None
    assert provider_of({}) is None


class Clock:
    now_s = 1_000.0


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(moment, "time", SimpleNamespace(monotonic=lambda: clock.now_s, time=lambda: clock.now_s))
    return clock


class RoleCredentials:
    """The credentials of a role, whose first loads raise these errors."""

    given = 0

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)

    def access_key(self, *, valid_for_s: float) -> AccessKey:
        assert valid_for_s == 900
        if self.errors:
            raise self.errors.pop(0)
        self.given += 1
        return AccessKey(f"AKIDROLE{self.given}", "r0le")


def test_an_incomplete_access_key_is_an_error(monkeypatch):
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(CredentialsError, match="AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not; "):
        provider().login()


REFUSAL = AwsCredentialsError("STS refuses the role (403 AccessDenied)")


def test_a_role_without_credentials_is_a_credentials_error():
    with pytest.raises(
        CredentialsError, match=r"cannot load the AWS credentials that sign a database token: STS refuses the role"
    ):
        provider(credentials=RoleCredentials(REFUSAL)).login()


def test_a_token_is_used_for_almost_15_minutes_if_signing_fails(clock):
    role = RoleCredentials()
    ours = provider(credentials=role)
    signed = ours.login()
    role.errors = [REFUSAL] * 3

    clock.now_s += 700
    assert ours.login() == signed
    clock.now_s += 184
    assert ours.login() == signed
    clock.now_s += 1
    with pytest.raises(CredentialsError, match="AccessDenied"):
        ours.login()


def test_signing_is_retried_long_before_the_token_expires(clock):
    role = RoleCredentials()
    ours = provider(credentials=role)
    signed = ours.login()
    role.errors = [REFUSAL]
    clock.now_s += 600
    assert ours.login() == signed

    clock.now_s += 10

    assert "AKIDROLE2" in ours.login().password
