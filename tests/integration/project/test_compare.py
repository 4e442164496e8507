"""`webapp compare` in an existing project."""

import json

import pytest

from tests.integration.project.foreign import BLOCK, WORKLOAD, ForeignProject

pytestmark = pytest.mark.profile_free

CONTAINER, FUNCTION = "aws_ecs/pool/direct", "aws_lambda/per_request/direct"
SHORT = ("--quick", "--rate", "20")


def with_application(lines: str) -> str:
    """Return the workload with more lines in its [application]."""
    return WORKLOAD.replace("prepare =", f"{lines}\nprepare =")


def run_of(foreign: ForeignProject) -> dict:
    """Return the run.json of a project's only report."""
    (report,) = (foreign.folder / "reports").glob("2*")
    return json.loads((report / "run.json").read_text())


def test_a_project_is_compared_from_a_subfolder(foreign_below):
    foreign_below.name_workload()

    ended = foreign_below.webapp(
        "compare", *SHORT, "--target", CONTAINER, "--target", FUNCTION, folder="backend/shop", UNLISTED="leaked"
    )

    assert ended.returncode == 0, ended.stderr
    assert [target["status"] for target in run_of(foreign_below)["targets"]] == ["measured", "measured"]
    assert (
        "not set in this shell, so not passed on: ABSENT (environment in [tool.webapp]; the settings may"
        in ended.stderr
    )
    assert "did not use the database" not in " ".join(ended.stdout.split())


def test_pages_that_use_no_database_are_reported(foreign):
    foreign.name_workload(WORKLOAD.replace("/items/", "/"))

    ended = foreign.webapp("compare", *SHORT, "--target", CONTAINER, "--target", FUNCTION)

    assert ended.returncode == 0, ended.stderr
    assert f"Most requests of {CONTAINER}, {FUNCTION} did not use the database" in " ".join(ended.stdout.split())


def test_a_replica_gets_the_targets_own_database(foreign):
    foreign.name_workload(with_application('environment = { REPLICA_URL = "{database_url}" }'))

    ended = foreign.webapp("compare", *SHORT, "--target", CONTAINER, REPLICA_URL="postgresql://live@db.invalid/live")

    assert ended.returncode == 0, ended.stderr
    assert "DATABASES" not in ended.stderr


def test_settings_that_require_tls_do_not_stop_a_comparison(foreign):
    foreign.name_workload(with_application('environment = { REPLICA_URL = "{database_url}" }'))
    foreign.demand_tls()
    proxied = "aws_lambda/per_request/proxy"

    ended = foreign.webapp("compare", *SHORT, "--target", CONTAINER, "--target", proxied)

    run = run_of(foreign)
    assert [target["error"] for target in run["targets"]] == [None, None], ended.stderr
    assert run["environment"]["tls"] == (
        "none between target and database, with sslmode=prefer instead of the mode in the project's settings; "
        "none in front"
    )


def test_an_env_file_that_overrides_the_runtime_is_reported(foreign):
    foreign.name_workload()
    foreign.add_settings('os.environ["WEBAPP_RUNTIME"] = "local"')

    ended = foreign.webapp("compare", *SHORT, "--target", CONTAINER)

    assert ended.returncode == 1
    assert "the settings config.settings replace the value of WEBAPP_RUNTIME for this run; let the en" in ended.stderr


# Django's documentation uses this handler without a formatter, so its lines show no level.
PLAIN_LOGGING = """
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
"""


@pytest.mark.parametrize("logging", ["", PLAIN_LOGGING], ids=["the library's logging", "no level in the log"])
def test_a_replica_on_another_server_fails_the_target(foreign, logging):
    foreign.name_workload()
    settings = (foreign.code / "config/settings.py").read_text()
    foreign.write("config/settings.py", settings.replace("\nfrom django_runtimes", f"{logging}\nfrom django_runtimes"))
    foreign.write("pyproject.toml", BLOCK.replace("ABSENT", "REPLICA_URL") + 'workload = "compare.toml"\n')

    ended = foreign.webapp("compare", *SHORT, "--target", CONTAINER, REPLICA_URL="postgresql://live@127.0.0.1:1/live")

    assert ended.returncode == 1
    assert (
        "DATABASES['replica'] is live at 127.0.0.1:1, not on the server used here; if variables set its address, "
        'set them in [application.environment] of the workload: a URL to "{database_url}", its parts to '
        '"{database_host}", "{database_port}", "{database_name}", "{database_user}" and "{database_password}"\n'
    ) in ended.stderr
    diagnosis = run_of(foreign)["targets"][0]["diagnosis"]
    assert "Connection refused" in "\n".join(diagnosis["log"])
    assert not diagnosis["is_excerpt"]
    (report,) = (foreign.folder / "reports").glob("2*")
    assert diagnosis["kept_log"] == "logs/aws_ecs-pool-direct.log"
    assert "Connection refused" in (report / diagnosis["kept_log"]).read_text()
    assert "Connection refused" in ended.stdout


def test_a_failing_prepare_command_shows_its_output(foreign):
    foreign.name_workload(WORKLOAD.replace('"3"', '"13"'))

    ended = foreign.webapp("compare", *SHORT, "--target", CONTAINER)

    lines = ended.stderr.splitlines()
    assert ended.returncode == 1
    assert lines[-1].startswith("webapp compare: `seed 13` ended with exit code 1: ValueError: thirteen; fix it, or")
    assert "  | seeding 13" in lines
    assert "  | ValueError: thirteen" in lines
    assert not (foreign.folder / "reports").exists()


def test_a_prepare_command_has_a_time_limit(foreign):
    foreign.name_workload(with_application('environment = { SEED_SLEEPS_S = "90" }\nprepare_timeout_s = 30'))

    ended = foreign.webapp("compare", *SHORT, "--target", CONTAINER)

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        "webapp compare: `seed 3` did not end within 30 s; make it faster, or set prepare_timeout_s in [application] "
        "of the workload"
    )


def test_the_workload_may_not_set_a_variable_of_the_library(foreign):
    foreign.name_workload(with_application('environment = { WEBAPP_DB_ROUTE = "direct" }'))

    ended = foreign.webapp("compare", *SHORT, "--target", CONTAINER)

    assert ended.returncode == 2
    assert "must be without 'WEBAPP_DB_ROUTE', which is the library's, not the project's own" in ended.stderr
