"""`webapp doctor` examines the DATABASES that Django uses."""

import pytest

from django_runtimes.config.database_url.url import parse_database_url
from tests.integration.doctor.examination import REQUIRED, TIMEOUTS, UNREACHABLE, doctor, findings

pytestmark = pytest.mark.profile_free


@pytest.fixture
def settings_module(tmp_path):
    """Adds lines to the project's settings in a new module, and returns the variables that select it."""

    def write(*lines: str) -> dict[str, str]:
        (tmp_path / "changed.py").write_text("\n".join(("from webapp.settings import *", *lines, "")))
        return {"PYTHONPATH": str(tmp_path), "DJANGO_SETTINGS_MODULE": "changed"}

    return write


def entry(url: str, engine: str = "django.db.backends.postgresql") -> dict[str, object]:
    address = parse_database_url(url)
    return {
        "ENGINE": engine,
        "HOST": address.host,
        "PORT": address.port,
        "NAME": address.name,
        "USER": address.user,
        "PASSWORD": str(address.password),
    }


def test_the_server_in_the_settings_is_examined(database_server, database, settings_module):
    there = entry(database_server.url(database))
    changed = settings_module(f"DATABASES['default'].update({there})")

    examined = doctor("database", "--json", **REQUIRED, **changed, DATABASE_URL=UNREACHABLE)

    assert findings(examined, "database")[0] == (
        "ok",
        f"web login, direct route: PostgreSQL {database_server.version} at {there['HOST']}:{there['PORT']} "
        f"as {database_server.role}",
    )


def test_every_further_database_is_examined(database_server, database, alter, settings_module):
    alter(**dict.fromkeys(TIMEOUTS, "8s"))
    url = database_server.url(database)
    changed = settings_module(
        f"DATABASES['replica'] = {entry(url)}",
        f"DATABASES['lost'] = {entry(UNREACHABLE)}",
        "DATABASES['notes'] = {'ENGINE': 'django.db.backends.sqlite3', 'NAME': ':memory:'}",
    )

    examined = doctor("database", "--json", **REQUIRED, **changed, DATABASE_URL=url)

    found = findings(examined, "database")
    assert (
        "skipped",
        "DATABASES['notes'] has the engine 'django.db.backends.sqlite3'; "
        "only PostgreSQL, Aurora DSQL, MySQL, Oracle and SQL Server are examined",
    ) in found
    replica = [level for level, text in found if text.startswith("DATABASES['replica']: ")]
    assert replica == ["ok", "ok", "ok"]
    ((level, text),) = [(level, text) for level, text in found if text.startswith("DATABASES['lost']: ")]
    assert level == "wrong"
    assert "Connection refused" in text
    assert "hunter2" not in examined.stdout + examined.stderr
    assert examined.returncode == 1


def test_missing_timeouts_are_reported_under_their_database(database_server, database, settings_module):
    url = database_server.url(database)
    changed = settings_module(f"DATABASES['replica'] = {entry(url)}")

    examined = doctor("database", **REQUIRED, **changed, DATABASE_URL=url)

    text = " ".join(examined.stdout.split())
    role = database_server.role
    assert f"DATABASES['replica']: the role {role} has no statement_timeout" in text
    assert f"run there: ALTER ROLE {role} SET statement_timeout = '8s'" in text


def test_an_engine_that_does_not_load_hides_no_other_finding(settings_module):
    changed = settings_module("DATABASES['odd'] = {'ENGINE': 'shop.engine', 'HOST': 'db.internal', 'NAME': 'x'}")

    examined = doctor("settings", "database", "--json", **REQUIRED, **changed, DATABASE_URL=UNREACHABLE)

    assert next(text for level, text in findings(examined, "database") if level == "wrong").startswith(
        "DATABASES['odd'] has the engine 'shop.engine', which cannot be loaded: 'shop.engine' isn't an available"
    )
    assert findings(examined, "settings")[-1][1].startswith("Django's system checks fail with ImproperlyConfigured: ")
    assert examined.returncode == 1


@pytest.mark.parametrize(("zone", "warnings"), [("Asia/Tokyo", 0), ("Europe/Berlin", 1)])
def test_the_time_zone_of_the_settings_gets_no_warning(
    database_server, database, alter, settings_module, zone, warnings
):
    alter(timezone="Asia/Tokyo")
    changed = settings_module("import os", "del os.environ['PGTZ']", "USE_TZ = False", f"TIME_ZONE = {zone!r}")

    examined = doctor("database", "--json", **REQUIRED, **changed, DATABASE_URL=database_server.url(database))

    assert sum("time zone" in text for _, text in findings(examined, "database")) == warnings


@pytest.fixture
def plain_project(tmp_path):
    """The variables of a project on SQLite, for which nothing changes under `local`."""
    (tmp_path / "plain.py").write_text(
        "SECRET_KEY = 'abcde' * 10\n"
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': ':memory:'}}\n"
        "DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'\n"
        "INSTALLED_APPS = []\n"
        "from django_runtimes import configure; configure(globals())\n"
    )
    return {"PYTHONPATH": str(tmp_path), "DJANGO_SETTINGS_MODULE": "plain"}


@pytest.mark.parametrize("url", ["sqlite:///db.sqlite3", "db2://app:hunter2@127.0.0.1/app"])
def test_a_database_url_that_only_the_project_reads_is_skipped(plain_project, url):
    examined = doctor("settings", "--json", **plain_project, DATABASE_URL=url)

    assert findings(examined, "settings") == [
        ("ok", "Django's settings load"),
        ("skipped", "DATABASE_URL is the project's own: the settings load, and this library cannot read it"),
    ]
    assert examined.returncode == 0
    assert "hunter2" not in examined.stdout


def test_the_strategy_is_read_from_the_settings(settings_module):
    changed = settings_module(
        "DATABASES['default']['CONN_MAX_AGE'] = 60",
        "del DATABASES['default']['OPTIONS']['pool']",
    )

    examined = doctor("runtime", **REQUIRED, **changed, DATABASE_URL=UNREACHABLE)

    assert "strategy        persistent  DATABASES of the settings" in examined.stdout


def test_another_database_on_the_server_is_not_counted(settings_module):
    elsewhere = UNREACHABLE.replace("127.0.0.1", "127.0.0.2")
    changed = settings_module(
        f"DATABASES['archive'] = {entry(UNREACHABLE)}", f"DATABASES['replica'] = {entry(elsewhere)}"
    )
    described = REQUIRED | {"WEBAPP_DB_MAX_CONNECTIONS": "100"}

    examined = doctor("budget", "--offline", "--json", **described, **changed, DATABASE_URL=UNREACHABLE)

    assert findings(examined, "budget") == [
        ("warning", "DATABASES['archive'] goes to the same server, and its connections are not counted"),
        ("ok", "the server: 39 connections may be needed at once, 97 are available"),
    ]


def test_another_engine_is_skipped(plain_project):
    examined = doctor("database", "budget", "--json", **plain_project)

    assert findings(examined, "database") == [
        (
            "skipped",
            "DATABASES['default'] has the engine 'django.db.backends.sqlite3'; "
            "only PostgreSQL, Aurora DSQL, MySQL, Oracle and SQL Server are examined",
        )
    ]
    assert findings(examined, "budget") == [
        (
            "skipped",
            "the default database is not PostgreSQL or Aurora DSQL or MySQL or Oracle or SQL Server, so its "
            "connections are not counted",
        )
    ]
    assert examined.returncode == 0


@pytest.mark.parametrize("variables", [{}, REQUIRED | {"DATABASE_URL": UNREACHABLE}])
@pytest.mark.parametrize("apps", [[], ["django_runtimes.adopt", "django_runtimes.databases"]])
def test_settings_without_the_call_are_wrong_in_every_section(tmp_path, variables, apps):
    (tmp_path / "uncalled.py").write_text(f"SECRET_KEY = 'abcde' * 10\nDATABASES = {{}}\nINSTALLED_APPS = {apps}\n")
    there = {"PYTHONPATH": str(tmp_path), "DJANGO_SETTINGS_MODULE": "uncalled"}

    examined = doctor("--json", **variables, **there)

    assert [text for level, text in findings(examined, "settings") if level not in {"ok", "warning"}] == [
        "uncalled does not call configure(), so the settings do not fit the runtime; add at its end: "
        "from django_runtimes import configure; configure(globals())"
    ]
    assert [
        (level, text.partition(", since")[0])
        for section in ("runtime", "database", "budget")
        for level, text in findings(examined, section)
    ] == [
        ("skipped", "aws_ecs" if variables else "local"),
        ("skipped", "no server was queried: without configure() the database variables have no effect"),
        (
            "skipped",
            "connections are not counted: without configure() neither the strategy nor its limits are in effect",
        ),
    ]
    assert examined.returncode == 1
