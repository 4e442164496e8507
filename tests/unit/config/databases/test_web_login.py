"""The role whose timeouts `webapp set_role_timeouts` sets by default."""

import pytest

from django_runtimes.config.databases.web_login import web_role
from django_runtimes.config.environment import Environment


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

    assert web_role(Environment(environ | operations)) == role
