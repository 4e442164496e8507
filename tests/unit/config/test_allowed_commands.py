import pytest

from django_runtimes.config.allowed_commands import allowed_commands
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment


def test_a_function_that_serves_requests_allows_no_command():
    assert allowed_commands(Environment({})) == frozenset()


def test_the_operations_function_allows_the_named_commands():
    environ = {"WEBAPP_DB_ROLE": "operations", "WEBAPP_ALLOWED_COMMANDS": "migrate, check,"}

    assert allowed_commands(Environment(environ)) == {"migrate", "check"}


@pytest.mark.parametrize(
    ("environ", "complaint"),
    [
        ({"WEBAPP_ALLOWED_COMMANDS": "migrate"}, "WEBAPP_ALLOWED_COMMANDS='migrate' lets events run commands, but "),
        ({"WEBAPP_DB_ROLE": "operations"}, "WEBAPP_ALLOWED_COMMANDS names none; set WEBAPP_ALLOWED_COMMANDS"),
        ({"WEBAPP_DB_ROLE": "operations", "WEBAPP_ALLOWED_COMMANDS": " , "}, "names none; set WEBAPP_ALLOWED_COMMANDS"),
    ],
)
def test_commands_and_the_operations_role_need_each_other(environ, complaint):
    with pytest.raises(ConfigurationError, match=complaint):
        allowed_commands(Environment(environ))
