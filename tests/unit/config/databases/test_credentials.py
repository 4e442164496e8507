import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.databases.credentials import IamToken, Login, StoredSecret, choose_login
from django_runtimes.config.environment import Environment

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:guestbook-AbCdEf"


def login(**environ: str) -> Login:
    return choose_login(Environment(environ), user="app", password="hunter2")


def test_by_default_the_login_comes_from_the_address():
    assert login() == Login("app", "hunter2")


def test_a_secret_is_read_in_the_region_of_its_arn():
    chosen = login(WEBAPP_DB_CREDENTIALS="secretsmanager", WEBAPP_DB_SECRET_ARN=ARN, WEBAPP_DB_SECRET_TTL_S="60")

    assert chosen == Login("app", "", StoredSecret(ARN, 60))
    assert chosen.credentials.region == "eu-west-1"


def test_a_token_is_signed_for_the_region_of_the_runtime():
    assert login(WEBAPP_DB_CREDENTIALS="iam", AWS_DEFAULT_REGION="eu-west-1").credentials == IamToken("eu-west-1")
    assert login(
        WEBAPP_DB_CREDENTIALS="iam", AWS_REGION="eu-west-2", AWS_DEFAULT_REGION="eu-west-1"
    ).credentials == IamToken("eu-west-2")


def test_operations_without_their_own_login_use_the_web_login():
    assert login(WEBAPP_DB_ROLE="operations") == Login("app", "hunter2")


def test_operations_may_have_their_own_secret():
    chosen = login(WEBAPP_DB_ROLE="operations", WEBAPP_DB_OPERATIONS_SECRET_ARN=ARN)

    assert chosen == Login("app", "", StoredSecret(ARN, 300))


def test_operations_get_a_token_for_their_own_user():
    chosen = login(
        WEBAPP_DB_ROLE="operations",
        WEBAPP_DB_CREDENTIALS="iam",
        WEBAPP_DB_OPERATIONS_USER="owner",
        AWS_REGION="eu-west-1",
    )

    assert chosen == Login("owner", "", IamToken("eu-west-1"))


def test_a_token_needs_a_user():
    with pytest.raises(ConfigurationError, match="WEBAPP_DB_CREDENTIALS is iam, but DATABASE_URL names no user; "):
        choose_login(Environment({"WEBAPP_DB_CREDENTIALS": "iam", "AWS_REGION": "eu-west-1"}), user="", password="")


def test_the_web_role_ignores_the_operations_login():
    assert login(WEBAPP_DB_OPERATIONS_USER="owner", WEBAPP_DB_OPERATIONS_PASSWORD="0wner") == Login("app", "hunter2")


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"WEBAPP_DB_CREDENTIALS": "vault"}, "is not a source of credentials; choose one of: iam, password"),
        ({"WEBAPP_DB_CREDENTIALS": "secretsmanager"}, "WEBAPP_DB_SECRET_ARN is not set"),
        (
            {"WEBAPP_DB_CREDENTIALS": "secretsmanager", "WEBAPP_DB_SECRET_ARN": "guestbook"},
            "'guestbook' is not a secret's ARN; use arn:aws:secretsmanager:region",
        ),
        *(
            ({"WEBAPP_DB_CREDENTIALS": "secretsmanager", "WEBAPP_DB_SECRET_ARN": arn}, "is not a secret's ARN")
            for arn in (
                "arn:aws:secretsmanager::123456789012:secret:x",
                "arn:aws:secretsmanager:eu-west-1:123456789012:secret:",
                "arn:aws:s3:eu-west-1:123456789012:secret:x",
            )
        ),
        ({"WEBAPP_DB_CREDENTIALS": "iam"}, "AWS_REGION is not set"),
        ({"WEBAPP_DB_ROLE": "admin"}, "is not a database role; choose one of: operations, web"),
        ({"WEBAPP_DB_ROLE": "operations", "WEBAPP_DB_OPERATIONS_USER": "owner"}, "'owner' has no password"),
        ({"WEBAPP_DB_ROLE": "operations", "WEBAPP_DB_OPERATIONS_PASSWORD": "0wner"}, "set without its user"),
        (
            {
                "WEBAPP_DB_ROLE": "operations",
                "WEBAPP_DB_OPERATIONS_PASSWORD": "0wner",
                "WEBAPP_DB_OPERATIONS_SECRET_ARN": ARN,
            },
            "are both set; unset one",
        ),
    ],
)
def test_an_incomplete_source_is_refused_without_its_password(environ, message):
    with pytest.raises(ConfigurationError, match=message) as error:
        login(**environ)

    assert "0wner" not in str(error.value)
    assert "hunter2" not in str(error.value)


def test_a_login_does_not_print_its_password():
    assert "hunter2" not in repr(login())
