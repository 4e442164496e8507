"""Rules that every variable in the table follows."""

from pathlib import Path

import pytest

from django_runtimes.adopt.listed_names import render_page
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.values.profile import Profile
from django_runtimes.config.variables import table
from django_runtimes.config.variables.kinds import Choice, Flag, Integer, SecretText, Text
from django_runtimes.config.variables.table import PREFIX, VARIABLES
from django_runtimes.config.variables.variable import Variable

ROOT = Path(__file__).parents[4]
# A value that no variable with a rule accepts.
WRONG = "*, not this!"
# Variables that accept any text, such as a host, a role or a path.
UNRESTRICTED = {
    "WEBAPP_ALLOWED_COMMANDS",
    "WEBAPP_BIND_HOST",
    "WEBAPP_DB_HOST",
    "WEBAPP_DB_NAME",
    "WEBAPP_DB_OPERATIONS_PASSWORD",
    "WEBAPP_DB_OPERATIONS_USER",
    "WEBAPP_DB_PASSWORD",
    "WEBAPP_DB_PROXY_HOST",
    "WEBAPP_DB_PROXY_ROOT_CERTIFICATES",
    "WEBAPP_DB_ROOT_CERTIFICATES",
    "WEBAPP_DB_USER",
    "WEBAPP_MEDIA_ROOT",
    "WEBAPP_MODULE_BUNDLE",
    "WEBAPP_POOL_WAITS_DIRECTORY",
    "WEBAPP_SECRET_KEY",
    "WEBAPP_SECRET_KEY_FALLBACKS",
    "WEBAPP_STATIC_ROOT",
}
OURS = [variable for variable in VARIABLES if variable.name.startswith(PREFIX)]
INTEGERS = [variable for variable in VARIABLES if isinstance(variable, Integer)]
RESTRICTED = [
    variable
    for variable in VARIABLES
    if variable.name not in UNRESTRICTED and (variable in OURS or not isinstance(variable, Text))
]


def refusal(variable: Variable, text: str) -> str:
    with pytest.raises(ConfigurationError) as error:
        Environment({variable.name: text})[variable]
    return str(error.value)


def named(variable: Variable) -> str:
    return variable.name


def test_the_settings_reference_matches_the_table():
    written = (ROOT / "docs" / "settings.md").read_text()

    assert written == render_page(), "run `make docs`"


def test_no_variable_is_listed_twice():
    names = [variable.name for variable in VARIABLES]

    assert sorted(names) == sorted(set(names))


def test_each_constant_has_the_name_of_its_variable():
    modules = [value for value in vars(table).values() if hasattr(value, "__file__")]
    names = {
        name: value.name for module in modules for name, value in vars(module).items() if isinstance(value, Variable)
    }

    assert len(names) == len(VARIABLES)
    assert {name: variable.removeprefix(PREFIX) for name, variable in names.items()} == {name: name for name in names}


def test_every_module_of_variables_is_in_the_table():
    folder = Path(table.__file__).parent
    modules = {value.__name__.rpartition(".")[2] for value in vars(table).values() if hasattr(value, "__file__")}

    assert {path.stem for path in folder.glob("*.py")} - modules == {
        "__init__",
        "header_names",
        "kinds",
        "reference",
        "secret_references",
        "table",
        "variable",
    }


@pytest.mark.parametrize("variable", VARIABLES, ids=named)
def test_an_empty_value_means_the_default(variable):
    assert Environment({variable.name: ""})[variable] == Environment({})[variable]


@pytest.mark.parametrize("variable", VARIABLES, ids=named)
def test_a_variable_accepts_its_own_default(variable):
    default = Environment({})[variable]

    if default:
        assert Environment({variable.name: variable.format(default)})[variable] == default


@pytest.mark.parametrize("variable", INTEGERS, ids=named)
def test_bounds_are_enforced(variable):
    lowest, highest = str(variable.minimum), str(variable.maximum)
    rule = f"is not a whole number from {lowest} to {highest}; unset it for the default ({variable.default_text})"

    for text in (str(variable.minimum - 1), str(variable.maximum + 1), "many", "1.5", "-0", " "):
        assert refusal(variable, text) == f"{variable.name}={text!r} {rule}"
    assert Environment({variable.name: lowest})[variable] == variable.minimum
    assert Environment({variable.name: highest})[variable] == variable.maximum


@pytest.mark.parametrize("variable", RESTRICTED, ids=named)
def test_the_error_for_a_wrong_value_states_rule_and_remedy(variable):
    subject, _, remedy = refusal(variable, WRONG).partition("; ")

    assert subject.startswith(f"{variable.name} " if variable.is_secret else f"{variable.name}=")
    assert remedy


@pytest.mark.parametrize("variable", [variable for variable in VARIABLES if variable.name in UNRESTRICTED], ids=named)
def test_a_variable_without_a_rule_accepts_any_text(variable):
    assert Environment({variable.name: WRONG})[variable]


@pytest.mark.parametrize("variable", [variable for variable in VARIABLES if variable.is_secret], ids=named)
def test_a_secret_is_never_shown(variable):
    address = "://app:hunter2@db.internal"
    value = f"redis{address}" if variable.name == "WEBAPP_STORE_URL" else f"postgresql{address}/app"

    assert "hunter2" not in variable.show(Environment({variable.name: value})[variable])
    assert "hunter2" not in repr(variable)
    urls_and_lists = {"WEBAPP_SECRET_KEY_FALLBACKS", "WEBAPP_STORE_URL", "DATABASE_URL"}
    assert variable.name in urls_and_lists or isinstance(variable, SecretText)


@pytest.mark.parametrize("variable", [variable for variable in VARIABLES if variable.profile_field], ids=named)
def test_a_variables_profile_field_exists_and_replaces_its_default(variable):
    assert hasattr(Profile, variable.profile_field) or variable.profile_field in Profile.__dataclass_fields__
    assert variable.default is None


def test_the_most_common_profile_value_comes_first():
    texts = {variable.name: variable.default_text for variable in VARIABLES if variable.profile_field}

    assert texts == {
        "WEBAPP_BIND_HOST": "0.0.0.0; 127.0.0.1 under local",
        "WEBAPP_DB_ROUTE": "direct; proxy under aws_lambda",
        "WEBAPP_DB_SSLMODE": "verify-full; prefer under local, and for loopback and unix sockets",
        "WEBAPP_DB_STRATEGY": "pool; per_request under aws_lambda",
        "WEBAPP_DRAIN_S": "5; 0 under local",
        "WEBAPP_HTTPS": "1; 0 under local",
        "WEBAPP_LOG_FORMAT": "json; text under local",
        "WEBAPP_MAX_WAITING": "128",
        "WEBAPP_THREADS": "8, the pool's size with the strategy pool",
    }


def test_kinds_describe_the_values_that_they_accept():
    accepted = {type(variable): variable.accepts for variable in VARIABLES if isinstance(variable, Integer | Flag)}

    assert accepted[Flag] == "flag: 1 or 0"
    choices = {variable.accepts for variable in VARIABLES if isinstance(variable, Choice)}
    assert "choice: direct, proxy, data_api" in choices
