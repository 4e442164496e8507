"""The role whose timeouts `webapp set_role_timeouts` sets by default."""

import pytest

from django_runtimes.config.databases.credentials import StoredSecret
from django_runtimes.config.databases.web_login import read_web_login, web_role
from django_runtimes.config.environment import Environment
from django_runtimes.config.values.connection_strategy import Route


@pytest.mark.parametrize(
    ("environ", "role"),
    [
        ({"DATABASE_URL": "postgresql://web:quill@db.example/book", "WEBAPP_DB_USER": "other"}, "web"),
        ({"WEBAPP_DB_HOST": "db.example", "WEBAPP_DB_USER": "other"}, "other"),
        ({"WEBAPP_DB_HOST": "db.example"}, "webapp"),
    ],
)
def test_the_web_role_comes_from_the_url_or_its_variable(environ, role):
    operations = {"WEBAPP_DB_ROLE": "operations", "WEBAPP_DB_OPERATIONS_USER": "clerk"}

    assert web_role(Environment(environ | operations), route=Route.DIRECT) == role


def test_only_the_secret_names_the_web_role_on_the_data_api():
    secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:web"
    environment = Environment(
        {
            "WEBAPP_DB_SECRET_ARN": secret,
            "WEBAPP_DB_ROLE": "operations",
            "WEBAPP_DB_OPERATIONS_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:clerk",
        }
    )

    assert (
        web_role(environment, {"ENGINE": "django.db.backends.postgresql", "USER": "owner"}, route=Route.DATA_API) == ""
    )
    assert read_web_login(environment, route=Route.DATA_API).credentials == StoredSecret(secret, 300)
