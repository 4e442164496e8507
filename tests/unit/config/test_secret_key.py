import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.secret_key import secret_key, weakness

LONG_KEY = "abcde" * 10


def test_a_short_key_is_refused_and_not_shown():
    with pytest.raises(ConfigurationError) as error:
        secret_key(Environment({"WEBAPP_SECRET_KEY": "tiny-secret"}), local=False)

    assert "tiny-secret" not in str(error.value)
    assert "11 characters" in str(error.value)


def test_an_insecure_key_is_refused_outside_local():
    environment = Environment({"WEBAPP_SECRET_KEY": "django-insecure-" + LONG_KEY})

    with pytest.raises(ConfigurationError, match="WEBAPP_SECRET_KEY begins with 'django-insecure-' and is public"):
        secret_key(environment, local=False)
    assert secret_key(environment, local=True) is not None


def test_a_long_key_is_accepted():
    assert secret_key(Environment({"WEBAPP_SECRET_KEY": LONG_KEY}), local=False) == LONG_KEY


def test_without_the_variable_there_is_no_key():
    assert secret_key(Environment({}), local=False) is None


@pytest.mark.parametrize(
    "key", ["django-insecure-" + LONG_KEY, b"django-insecure-" + LONG_KEY.encode(), "short", b"short"]
)
def test_a_key_may_be_text_or_bytes(key):
    assert weakness(key)
    assert not weakness(LONG_KEY)
    assert not weakness(LONG_KEY.encode())


def test_a_key_with_few_distinct_characters_is_accepted():
    assert weakness("abcd" * 15) == ""
    assert weakness(b"a" * 60) == ""
