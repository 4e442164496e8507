import pytest

from django_runtimes.cli.project.settings_check import LoadedSettings
from django_runtimes.compare.suite.suite_environ import hosts_for_tests, static_files_for_tests, suite_environ
from django_runtimes.config.values.runtime import Runtime


def test_the_suite_gets_only_harmless_variables_of_the_shell():
    shell = {
        "CI": "1",
        "REPLICA_URL": "real",
        "DATABASE_URL": "real",
        "PGHOSTADDR": "10.0.0.1",
        "WEBAPP_MEDIA_BUCKET": "live",
        "AWS_LAMBDA_FUNCTION_NAME": "f",
    }

    environ = suite_environ(
        shell, {"REPLICA_URL": "ours"}, settings="a.b", database_url="ours", runtime=Runtime.AWS_LAMBDA
    )

    secret_key = environ.pop("WEBAPP_SECRET_KEY")
    assert environ == {
        "CI": "1",
        "REPLICA_URL": "ours",
        "DATABASE_URL": "ours",
        "DJANGO_SETTINGS_MODULE": "a.b",
        "WEBAPP_RUNTIME": "aws_lambda",
        "WEBAPP_DB_ROUTE": "direct",
        "WEBAPP_DEBUG": "0",
        "WEBAPP_HTTPS": "0",
    }
    assert len(secret_key) >= 50


def test_the_projects_hosts_are_kept():
    assert hosts_for_tests(("www.example.org",)) == {}
    assert hosts_for_tests(("*",)) == {}


def test_a_project_without_hosts_gets_the_test_hosts():
    assert hosts_for_tests(("localhost", ".localhost")) == {
        "WEBAPP_ALLOWED_HOSTS": "testserver,localhost,127.0.0.1,[::1],.localhost"
    }


@pytest.mark.parametrize(("hashes", "variables"), [(True, {"WEBAPP_STATIC_MANIFEST": "0"}), (False, {})])
def test_tests_get_plain_static_files_instead_of_a_manifest(hashes, variables):
    assert static_files_for_tests(LoadedSettings("a.b", True, (), True, (), hashes, {})) == variables
