"""The doctor's section on the budget of connections."""

from dataclasses import replace

import pytest

from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.databases.interface.examined_server import ServerError
from django_runtimes.doctor.doctor_report import Section, as_text
from django_runtimes.doctor.examination import Examination, ExaminedLogin
from django_runtimes.doctor.finding import Level
from django_runtimes.doctor.sections.budget_section import examine_budget
from django_runtimes.doctor.sections.runtime_section import examine_runtime
from tests.unit.doctor.examinations import CONTAINERS, SOUND, WEB, AnsweredExamination, problems, reached


def test_a_budget_for_a_missing_proxy_is_wrong():
    environ = CONTAINERS | {"WEBAPP_DB_ROUTE": "proxy", "WEBAPP_DB_PROXY_MAX_CONNECTIONS": "96"}
    unproxied = {ExaminedLogin("web", Route.PROXY, needed=True): SOUND}
    by_proxy = replace(SOUND, **reached(is_proxied=True, is_unproxied=False))
    proxied = {ExaminedLogin("web", Route.PROXY, needed=True): by_proxy}

    assert problems(examine_budget(AnsweredExamination(environ, unproxied))) == [
        (Level.WRONG, "the proxy: the server itself answers, so a budget for the proxy proves nothing")
    ]
    assert problems(examine_budget(AnsweredExamination(environ, proxied))) == []
    assert problems(examine_budget(AnsweredExamination(CONTAINERS, unproxied))) == []


def test_a_budget_that_holds_is_shown_completely():
    findings = examine_budget(AnsweredExamination(CONTAINERS, {WEB: SOUND}))

    assert as_text([Section("budget", tuple(findings))]) == """\
budget
  ok         the server: 103 connections may be needed at once, 107 are
             available
      instances                            3  WEBAPP_INSTANCES_MAX
    + more during a deploy (200 %)         3  default
    x processes of each                    2  WEBAPP_WORKERS
    x connections of each                  8  WEBAPP_DB_POOL_MAX_SIZE
    + operations                           2  a command and its lock
    + administrator's reserve              5  default
    = needed                             103
      max_connections                    112  the server
    - superuser_reserved_connections       3  the server
    - reserved_connections                 0  the server
    - rds_superuser_reserved_connections   2  the server
    = available                          107

findings: 1 ok
"""  # fmt: skip


def test_no_line_of_a_budget_is_wider_than_80_columns():
    environ = CONTAINERS | {
        "WEBAPP_DB_STRATEGY": "per_request",
        "WEBAPP_THREADS": "100",
        "WEBAPP_DEPLOY_OVERLAP_PERCENT": "200",
        "WEBAPP_DB_ROUTE": "proxy",
        "WEBAPP_DB_PROXY_MAX_CONNECTIONS": "100",
    }

    text = as_text([Section("budget", tuple(examine_budget(AnsweredExamination(environ, {WEB: SOUND}))))])

    assert "WEBAPP_DB_PROXY_MAX_CONNECTIONS" in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_budget_that_does_not_hold_is_wrong_with_a_remedy():
    (finding,) = examine_budget(AnsweredExamination(CONTAINERS | {"WEBAPP_INSTANCES_MAX": "4"}, {WEB: SOUND}))

    assert finding.level is Level.WRONG
    assert finding.text == "the server: 135 connections may be needed at once, 107 are available"
    assert finding.remedy.startswith("lower WEBAPP_INSTANCES_MAX, WEBAPP_WORKERS or WEBAPP_DB_POOL_MAX_SIZE")


@pytest.mark.parametrize(
    ("variables", "level", "text"),
    [
        ({}, Level.WRONG, "each request opens a connection, and Aurora DSQL accepts 100 new connections a second: "),
        ({"WEBAPP_REQUESTS_MAX_PER_S": "101"}, Level.WRONG, "requests may open 101 connections a second, and Aurora"),
        ({"WEBAPP_REQUESTS_MAX_PER_S": "100"}, Level.OK, "requests may open 100 connections a second, and Aurora"),
    ],
)
def test_new_connections_are_compared_with_the_limit(variables, level, text):
    environ = {
        "WEBAPP_RUNTIME": "aws_ecs",
        "WEBAPP_DB_STRATEGY": "per_request",
        "WEBAPP_INSTANCES_MAX": "3",
        "WEBAPP_WORKERS": "2",
        "DATABASE_URL": "dsql://app@abc.dsql.eu-west-1.on.aws",
        **variables,
    }

    *_, finding = examine_budget(AnsweredExamination(environ, {WEB: SOUND}))

    assert finding.level is level
    assert finding.text.startswith(text)


@pytest.mark.parametrize(("age_s", "is_found"), [(0, True), (600, False)])
def test_new_connections_to_a_further_cluster_are_compared_too(age_s, is_found):
    examination = AnsweredExamination(CONTAINERS, {WEB: SOUND})
    cluster = {"ENGINE": "django_runtimes.databases.dsql", "CONN_MAX_AGE": age_s}
    examination.__dict__["databases"] = {"default": {"ENGINE": "django.db.backends.postgresql"}, "events": cluster}

    found = [text for level, text in problems(examine_budget(examination)) if level is Level.WRONG]

    assert [text.startswith("DATABASES['events']: each request opens a connection") for text in found] == [
        True
    ] * is_found


def test_kept_connections_need_no_rate_of_requests():
    environ = CONTAINERS | {"DATABASE_URL": "dsql://app@abc.dsql.eu-west-1.on.aws", "WEBAPP_RUNTIME": "aws_ecs"}

    assert not any("a second" in finding.text for finding in examine_budget(AnsweredExamination(environ, {WEB: SOUND})))


def test_a_budget_without_the_servers_answer_is_not_proven():
    (finding,) = examine_budget(AnsweredExamination(CONTAINERS, {WEB: ServerError("refused", "check")}))

    assert finding.level is Level.WRONG
    assert finding.text == "the server: not proven to have enough connections; unknown: max_connections"


def test_a_guessed_number_of_workers_is_a_warning():
    environ = {name: value for name, value in CONTAINERS.items() if name != "WEBAPP_WORKERS"}

    guess, _ = examine_budget(AnsweredExamination(environ, {WEB: SOUND}))

    assert guess.level is Level.WARNING
    assert guess.remedy == "set WEBAPP_WORKERS, here and in the deployment"


def test_workers_are_counted_as_the_launcher_counts_them(monkeypatch):
    monkeypatch.setattr("django_runtimes.entrypoints.cpu.available_cpus", lambda affinity: 3)
    examination = Examination(
        {name: value for name, value in CONTAINERS.items() if name != "WEBAPP_WORKERS"}, offline=True
    )

    (finding,) = examine_runtime(examination)

    assert ("workers", "3") in [(row.name, row.value) for row in finding.rows]
