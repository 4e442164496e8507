"""`webapp doctor` on variables alone, and on its own arguments."""

import re

import pytest

from tests.integration.doctor.examination import REQUIRED, UNREACHABLE, doctor, findings

pytestmark = pytest.mark.profile_free


def test_without_variables_it_reports_the_missing_variables():
    examined = doctor()

    assert examined.returncode == 78
    assert examined.stderr == ""
    assert "local, since no runtime is declared and no marker is set" in examined.stdout
    assert "no database is configured; set DATABASE_URL" in examined.stdout


def test_every_missing_variable_is_named_at_once():
    examined = doctor("settings", "--json", WEBAPP_RUNTIME="aws_ecs", WEBAPP_DB_ROUT="direct")

    texts = [text for _, text in findings(examined, "settings")]
    assert [re.split(";| and SECRET_KEY| and ALLOWED_HOSTS", text)[0] for text in texts] == [
        "1 variable is set and can be read",
        "WEBAPP_DB_ROUT is set, but nothing reads it",
        "WEBAPP_SECRET_KEY is not set",
        "WEBAPP_ALLOWED_HOSTS is not set",
        "no database is configured",
    ]
    assert examined.returncode == 78


def test_every_wrong_variable_is_named_at_once():
    wrong = {
        "WEBAPP_WORKERS": "0",
        "WEBAPP_DB_POOL_MAX_SIZE": "many",
        "WEBAPP_DB_OPERATIONS_SECRET_ARN": "owner",
        "WEBAPP_LOG_LEVEL": "loud",
        "WEBAPP_DB_MAX_CONNECTIONS": "-1",
        "WEBAPP_DB_ROLE": "root",
    }

    examined = doctor("settings", "--json", **REQUIRED | wrong, DATABASE_URL=UNREACHABLE)

    unreadable = [text for level, text in findings(examined, "settings") if level == "unreadable"]
    assert sorted(text.partition(" is not ")[0] for text in unreadable) == sorted(
        f"{name}={value!r}" for name, value in wrong.items()
    )
    assert examined.returncode == 78


def test_parsed_values_are_shown_and_secrets_masked():
    hosts = ",".join(f"host-{number}.guestbook.example" for number in range(9))
    variables = REQUIRED | {"DATABASE_URL": UNREACHABLE, "WEBAPP_ALLOWED_HOSTS": hosts, "WEBAPP_HTTPS": "yes"}

    examined = doctor("settings", **variables, WEBAPP_DB_PASSWORD="")

    rows = {
        "WEBAPP_RUNTIME": "aws_ecs",
        "WEBAPP_SECRET_KEY": "********",
        "WEBAPP_ALLOWED_HOSTS": "host-0.guestbook.example, host-1.guestbook.example, …",
        "WEBAPP_HTTPS": "1",
        "WEBAPP_WORKERS": "2",
        "DATABASE_URL": "********",
        "WEBAPP_INSTANCES_MAX": "1",
    }
    assert examined.stdout.splitlines()[:10] == [
        "settings",
        "  ok         Django's settings load",
        "  ok         7 variables are set and can be read",
        *(f"      {name:<20} {value:>53}" for name, value in rows.items()),
    ]
    assert "hunter2" not in examined.stdout


def test_a_settings_module_that_does_not_exist_is_unreadable():
    examined = doctor("settings", "--json", **REQUIRED, DATABASE_URL=UNREACHABLE, DJANGO_SETTINGS_MODULE="shop.setings")

    assert findings(examined, "settings")[1:] == [
        (
            "unreadable",
            "Django's settings or applications do not load: ModuleNotFoundError: No module named 'shop'",
        )
    ]
    assert examined.returncode == 78


def test_contradictions_come_from_djangos_system_checks():
    examined = doctor("settings", "--json", **REQUIRED, DATABASE_URL=UNREACHABLE, WEBAPP_THREADS="9")

    assert findings(examined, "settings") == [
        ("ok", "Django's settings load"),
        ("ok", "7 variables are set and can be read"),
        ("warning", "webapp.W013: 9 threads share a pool of 8 connections, so 1 of them may wait for one."),
    ]
    assert examined.returncode == 0


def test_variables_without_effect_get_a_warning():
    examined = doctor("settings", "--json", **REQUIRED, DATABASE_URL=UNREACHABLE, WEBAPP_DB_HOST="db.internal")

    assert findings(examined, "settings")[2:] == [
        ("warning", "webapp.W014: WEBAPP_DB_HOST is set and has no effect: DATABASE_URL is used.")
    ]
    assert examined.returncode == 0


def test_an_operations_password_needs_its_user_even_offline():
    examined = doctor("--offline", **REQUIRED, DATABASE_URL=UNREACHABLE, WEBAPP_DB_OPERATIONS_PASSWORD="0wner")

    assert examined.returncode == 78
    assert "WEBAPP_DB_OPERATIONS_PASSWORD is set without its user" in " ".join(examined.stdout.split())


def test_a_pool_that_the_settings_module_enlarges_is_counted(tmp_path):
    (tmp_path / "larger.py").write_text(
        "from webapp.settings import *\nDATABASES['default']['OPTIONS']['pool']['max_size'] = 60\n"
    )
    described = REQUIRED | {"DATABASE_URL": UNREACHABLE, "WEBAPP_DB_MAX_CONNECTIONS": "100"}

    examined = doctor(
        "budget", "--offline", "--json", **described, PYTHONPATH=str(tmp_path), DJANGO_SETTINGS_MODULE="larger"
    )

    assert findings(examined, "budget") == [
        ("wrong", "the server: 247 connections may be needed at once, 97 are available")
    ]


def test_the_budget_is_the_same_under_the_operations_role():
    described = REQUIRED | {"DATABASE_URL": UNREACHABLE, "WEBAPP_DB_MAX_CONNECTIONS": "100"}

    examined = doctor("budget", "--offline", "--json", **described, WEBAPP_DB_ROLE="operations")

    assert findings(examined, "budget") == [
        ("ok", "the server: 39 connections may be needed at once, 97 are available")
    ]


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("postgresql://app:in@hunter2@127.0.0.1/app", "DATABASE_URL has an unencoded @ or / in its user or password;"),
        ("postgresql://app:x@127.0.0.1/app?sslmode=bogus", "sslmode='bogus' (DATABASE_URL or OPTIONS) is unknown to"),
    ],
)
def test_a_malformed_url_is_unreadable_and_hides_its_password(url, text):
    examined = doctor("--json", **REQUIRED, DATABASE_URL=url)

    assert examined.returncode == 78
    _, (level, mistake) = findings(examined, "settings")
    assert level == "unreadable"
    assert mistake.startswith(text)
    assert "hunter2" not in examined.stdout + examined.stderr


@pytest.mark.parametrize("arguments", [("dattabase",), ("--colour",)])
def test_bad_arguments_are_reported_in_one_line(arguments):
    examined = doctor(*arguments)

    assert examined.returncode == 2
    assert len(examined.stderr.splitlines()) == 1
