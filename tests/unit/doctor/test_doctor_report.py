"""The output and the exit codes of `webapp doctor`."""

import json

import pytest

from django_runtimes.doctor.doctor_report import Section, as_json, as_text, exit_code
from django_runtimes.doctor.finding import Finding, Level, Row

SECTIONS = (
    Section("runtime", (Finding(Level.OK, "aws_ecs, since WEBAPP_RUNTIME=aws_ecs"),)),
    Section(
        "budget",
        (
            Finding(
                Level.WRONG,
                "the server: 135 connections may be needed at once, 97 are available",
                "lower WEBAPP_INSTANCES_MAX, WEBAPP_WORKERS or WEBAPP_DB_POOL_MAX_SIZE, or raise max_connections",
                (
                    Row("instances", 8, "WEBAPP_INSTANCES_MAX"),
                    Row("processes of each", 2, "WEBAPP_WORKERS", sign="x"),
                    Row("needed", None, sign="="),
                ),
            ),
            Finding(Level.SKIPPED, "no server was queried, because of --offline"),
        ),
    ),
)


def test_text_is_aligned_within_80_columns():
    assert as_text(SECTIONS) == """\
runtime
  ok         aws_ecs, since WEBAPP_RUNTIME=aws_ecs

budget
  wrong      the server: 135 connections may be needed at once, 97 are available
             -> lower WEBAPP_INSTANCES_MAX, WEBAPP_WORKERS or
                WEBAPP_DB_POOL_MAX_SIZE, or raise max_connections
      instances               8  WEBAPP_INSTANCES_MAX
    x processes of each       2  WEBAPP_WORKERS
    = needed            unknown
  skipped    no server was queried, because of --offline

findings: 1 ok, 1 skipped, 1 wrong
"""  # fmt: skip


def test_a_value_that_is_too_long_is_cut():
    finding = Finding(Level.OK, "set", rows=(Row("WEBAPP_ALLOWED_HOSTS", "a" * 99), Row("PORT", 8000)))

    *_, long_row, short_row, _, _ = as_text([Section("settings", (finding,))]).splitlines()

    assert len(long_row) == 80
    assert long_row.endswith("a…")
    assert short_row.endswith(" 8000")


def test_the_json_has_the_keys_of_schema_1():
    assert json.loads(as_json(SECTIONS)) == {
        "schema": 1,
        "exit_code": 1,
        "sections": [
            {
                "name": "runtime",
                "findings": [
                    {"level": "ok", "text": "aws_ecs, since WEBAPP_RUNTIME=aws_ecs", "remedy": "", "rows": []}
                ],
            },
            {
                "name": "budget",
                "findings": [
                    {
                        "level": "wrong",
                        "text": "the server: 135 connections may be needed at once, 97 are available",
                        "remedy": "lower WEBAPP_INSTANCES_MAX, WEBAPP_WORKERS or WEBAPP_DB_POOL_MAX_SIZE, "
                        "or raise max_connections",
                        "rows": [
                            {"sign": "", "name": "instances", "value": 8, "source": "WEBAPP_INSTANCES_MAX"},
                            {"sign": "x", "name": "processes of each", "value": 2, "source": "WEBAPP_WORKERS"},
                            {"sign": "=", "name": "needed", "value": None, "source": ""},
                        ],
                    },
                    {
                        "level": "skipped",
                        "text": "no server was queried, because of --offline",
                        "remedy": "",
                        "rows": [],
                    },
                ],
            },
        ],
    }


@pytest.mark.parametrize(
    ("levels", "code"),
    [
        ([Level.OK, Level.WARNING, Level.SKIPPED], 0),
        ([Level.OK, Level.WRONG], 1),
        ([Level.WRONG, Level.UNREADABLE, Level.OK], 78),
    ],
)
def test_the_worst_finding_decides_the_exit_code(levels, code):
    assert exit_code([Section("any", tuple(Finding(level, "") for level in levels))]) == code
