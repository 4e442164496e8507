from django_runtimes.compare.diagnosis.differences import differences
from django_runtimes.compare.diagnosis.masking import masked, secrets_of
from django_runtimes.compare.record.diagnosis import Difference

ECS = {"WEBAPP_RUNTIME": "aws_ecs", "WEBAPP_SECRET_KEY": "of-one-target", "DATABASE_URL": "postgresql://a:b@h/1"}
LAMBDA = ECS | {"WEBAPP_RUNTIME": "aws_lambda", "WEBAPP_SECRET_KEY": "another", "DATABASE_URL": "postgresql://a:b@h/2"}


def between(failed: dict[str, str], worked: dict[str, str], **settings: dict[str, str]) -> dict[str, tuple[str, str]]:
    settings = {"failed_settings": {}, "worked_settings": {}, **settings}
    return {each.name: (each.failed, each.worked) for each in differences(failed, worked, **settings)}


def test_variables_and_profiles_that_differ_are_found():
    found = between(LAMBDA, ECS)

    assert found["WEBAPP_RUNTIME"] == ("aws_lambda", "aws_ecs")
    assert found["profile.freezes"] == ("True", "False")
    assert found["profile.route"] == ("proxy", "direct")
    assert "profile.log_format" not in found
    assert not {"WEBAPP_SECRET_KEY", "DATABASE_URL"} & found.keys()


def test_settings_are_compared_if_both_could_be_read():
    settings = {"failed_settings": {"DEBUG": "False", "A.b": "1"}, "worked_settings": {"DEBUG": "False", "C": "'x'"}}

    assert between(ECS, ECS, **settings) == {"A.b": ("1", "-"), "C": ("-", "'x'")}
    assert between(ECS, ECS, worked_settings=settings["worked_settings"]) == {}


def test_profiles_are_not_compared_if_a_variable_is_invalid():
    assert between(ECS | {"WEBAPP_THREADS": "none"}, ECS) == {"WEBAPP_THREADS": ("none", "-")}


def test_secrets_are_hidden():
    worked = ECS | {"STRIPE_API_KEY": "sk-live-1", "REPLICA_URL": "postgresql://app:hunter22@replica/app"}
    settings = {"failed_settings": {"A": "1"}, "worked_settings": {"A": "'key sk-live-1 of hunter22'"}}

    assert between(ECS, worked, **settings) == {
        "STRIPE_API_KEY": ("-", "***"),
        "REPLICA_URL": ("-", "postgresql://app:***@replica/app"),
        "A": ("1", "'key *** of ***'"),
    }


def test_a_long_value_is_cut():
    (found,) = differences(ECS | {"A": "x" * 500}, ECS, failed_settings={}, worked_settings={})

    assert found == Difference("A", "x" * 159 + "…", "-")


def test_passwords_of_other_urls_are_masked_too():
    secrets = secrets_of({"DATABASE_URL": "postgresql://app:p%40ssword@h/1"})

    assert masked("p@ssword, p%40ssword, redis://u:pw@cache/0", secrets) == "***, ***, redis://u:***@cache/0"
