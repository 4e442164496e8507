"""The findings of each section, from the variables and the servers' answers."""

import sys
from dataclasses import replace

import pytest

from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.databases.interface.examined_server import ExaminedServer, ServerError
from django_runtimes.doctor.doctor_report import Section, as_text
from django_runtimes.doctor.examination import Examination, ExaminedLogin
from django_runtimes.doctor.finding import Finding, Level
from django_runtimes.doctor.sections.database_section import examine_database
from django_runtimes.doctor.sections.runtime_section import examine_runtime
from tests.unit.doctor.examinations import CONTAINERS, SOUND, WEB, AnsweredExamination, problems, reached


def database(
    server: ExaminedServer | ServerError, login: ExaminedLogin = WEB, runtime: str = "aws_ecs"
) -> list[Finding]:
    return examine_database(AnsweredExamination({"WEBAPP_RUNTIME": runtime}, {login: server}))


def test_a_sound_server_has_no_problems():
    assert [(finding.level, finding.text) for finding in database(SOUND)] == [
        (Level.OK, "web login, direct route: PostgreSQL 17.6 at db.internal:5432 as webapp"),
        (Level.OK, "web login, direct route: encrypted, sslmode=verify-full"),
        (Level.OK, "web login, direct route: timeouts end statements and idle transactions"),
    ]


@pytest.mark.parametrize(
    ("change", "level", "text"),
    [
        (reached(encrypted=False), Level.WRONG, "not encrypted"),
        (reached(sslmode="require"), Level.WARNING, "encrypted, but sslmode=require accepts any server"),
        (reached(is_proxied=True), Level.WRONG, "a proxy answers, which makes the lock of `webapp migrate` unreliable"),
        (
            {"time_zone": "Europe/Berlin"},
            Level.WARNING,
            "the session's time zone is Europe/Berlin, so Django sets UTC on each connection, "
            "which pins it on RDS Proxy",
        ),
        (
            {"is_administrator": True},
            Level.WARNING,
            "webapp administers the server, so an injected statement may do anything",
        ),
        (
            {"missing_timeouts": ("statement_timeout", "idle_in_transaction_session_timeout")},
            Level.WRONG,
            "the role webapp has no statement_timeout and no idle_in_transaction_session_timeout",
        ),
    ],
)
def test_each_problem_of_a_server_has_a_remedy(change, level, text):
    findings = database(replace(SOUND, **change))

    assert problems(findings) == [(level, f"web login, direct route: {text}")]
    assert all(finding.remedy for finding in findings if finding.level is not Level.OK)


def test_a_server_without_connections_has_its_limits_as_remarks():
    server = replace(SOUND, place="the cluster shop", connection=None, limits=None, remarks=("no LISTEN",))

    assert [finding.text for finding in database(server)] == [
        "web login, direct route: PostgreSQL 17.6 at the cluster shop as webapp",
        "web login, direct route: timeouts end statements and idle transactions",
        "web login, direct route: no LISTEN",
    ]


def test_plain_text_is_accepted_on_loopback():
    assert problems(database(replace(SOUND, **reached(encrypted=False, address="127.0.0.1", sslmode="prefer")))) == []


def test_the_address_decides_whether_plain_text_is_wrong():
    server = replace(SOUND, **reached(encrypted=False, host="localhost", address="192.0.2.2", sslmode="prefer"))

    assert problems(database(server)) == [(Level.WRONG, "web login, direct route: not encrypted")]


@pytest.mark.parametrize(("needed", "level"), [(True, Level.WRONG), (False, Level.WARNING)])
def test_a_server_in_place_of_the_proxy_is_found(needed, level):
    login = ExaminedLogin("web", Route.PROXY, needed=needed)

    assert problems(database(SOUND, login)) == [
        (level, "web login, proxy route: the server itself answers instead of a proxy, so nothing "
                "limits the connections")
    ]  # fmt: skip
    assert problems(database(replace(SOUND, **reached(is_unproxied=False)), login)) == []


def test_an_operations_password_without_a_user_is_unreadable():
    environ = {"DATABASE_URL": "postgresql://app:x@127.0.0.1:1/app", "WEBAPP_DB_OPERATIONS_PASSWORD": "0wner"}

    (finding,) = [
        finding
        for finding in examine_database(Examination(environ, offline=False))
        if finding.level is Level.UNREADABLE
    ]

    assert finding.level is Level.UNREADABLE
    assert finding.text.startswith("WEBAPP_DB_OPERATIONS_PASSWORD is set without its user")


def test_an_invalid_variable_does_not_hide_a_missing_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "gunicorn", None)

    findings = examine_runtime(Examination(CONTAINERS | {"WEBAPP_THREADS": "0"}, offline=True))

    assert [(level, text.partition(",")[0].partition(";")[0]) for level, text in problems(findings)] == [
        (Level.UNREADABLE, "WEBAPP_THREADS='0' is not a whole number from 1 to 32768"),
        (Level.WRONG, "serving as aws_ecs needs gunicorn"),
    ]


def test_missing_timeouts_are_a_warning_under_local():
    findings = database(replace(SOUND, missing_timeouts=("statement_timeout",)), runtime="local")

    assert [level for level, _ in problems(findings)] == [Level.WARNING]


def test_the_operations_role_needs_no_timeouts_and_may_administer():
    server = replace(SOUND, missing_timeouts=("statement_timeout",), is_administrator=True)

    assert problems(database(server, ExaminedLogin("operations", Route.DIRECT, needed=True))) == []


@pytest.mark.parametrize(("needed", "level"), [(True, Level.WRONG), (False, Level.WARNING)])
def test_a_failure_on_an_unused_route_is_a_warning(needed, level):
    error = ServerError("connection refused", "check host and port")

    findings = database(error, ExaminedLogin("web", Route.PROXY, needed=needed))

    assert findings == [Finding(level, "web login, proxy route: connection refused", "check host and port")]


def test_offline_no_server_is_examined():
    (finding,) = examine_database(Examination({"DATABASE_URL": "postgresql://a:b@db.internal/x"}, offline=True))

    assert finding.level is Level.SKIPPED


def test_the_runtime_is_shown_with_its_evidence_and_profile():
    findings = examine_runtime(Examination(CONTAINERS | {"WEBAPP_DB_STRATEGY": "persistent"}, offline=True))

    assert as_text([Section("runtime", tuple(findings))]) == """\
runtime
  ok         aws_ecs, since WEBAPP_RUNTIME=aws_ecs
      strategy        persistent  WEBAPP_DB_STRATEGY
      route               direct  default
      workers                  2  WEBAPP_WORKERS
      threads of each          8  default

findings: 1 ok
"""  # fmt: skip


def test_a_function_shows_processes_instead_of_workers():
    (finding,) = examine_runtime(Examination({"AWS_LAMBDA_FUNCTION_NAME": "shop"}, offline=True))

    assert [(row.name, row.value) for row in finding.rows] == [
        ("strategy", "per_request"),
        ("route", "proxy"),
        ("processes", "1"),
    ]


def test_a_runtime_that_does_not_exist_is_unreadable():
    (finding,) = examine_runtime(Examination({"WEBAPP_RUNTIME": "heroku"}, offline=True))

    assert finding.level is Level.UNREADABLE


def test_the_web_profile_is_shown_under_the_operations_role_too():
    (finding,) = examine_runtime(Examination(CONTAINERS | {"WEBAPP_DB_ROLE": "operations"}, offline=True))

    assert finding.rows[0].value == "pool"
