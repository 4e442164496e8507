"""The image as a container: its configuration, its contents and its commands."""

import http.client
import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from signal import SIGTERM
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.image.compiled import loaded_from_source
from tests.image.containers import Container, container_environ, remove_stale_containers, run_container
from tests.image.podman import CHECKOUT, podman, revision

_UNREACHABLE = "postgresql://app:hunter2@127.0.0.1:1/app"

# Prints every module whose compiled file is missing, or would be checked against its source at each import.
_LIST_UNCOMPILED = """
import importlib.util
from pathlib import Path

for source in (path for root in ("/app", "/opt/venv/lib") for path in Path(root).rglob("*.py")):
    compiled = Path(importlib.util.cache_from_source(str(source)))
    if not compiled.exists() or compiled.read_bytes()[4] != 1:
        print(source)
"""
# File names that only pip, its installer, or its build tools have.
_INSTALLERS = ("pip", "pip[0-9.]*", "pip-*", "ensurepip", "setuptools", "setuptools-*")


@pytest.fixture(scope="module")
def configuration(image: str) -> Mapping[str, Any]:
    return json.loads(podman("image", "inspect", image))[0]["Config"]


@pytest.fixture(scope="module")
def serving(image: str, database_url: str, tmp_path_factory: pytest.TempPathFactory):
    with run_container(
        image, container_environ(database_url), log=tmp_path_factory.mktemp("serving") / "log"
    ) as running:
        running.wait_until_serving("/readyz")
        yield running


def run(image: str, log: Path, *arguments: str, **environ: str) -> tuple[int, str]:
    """Run a command of the image, and return its exit code and output."""
    with run_container(image, environ, log=log, arguments=arguments) as container:
        return container.wait(), container.logs()


def test_the_image_has_the_locked_version_of_django(image):
    lock = (CHECKOUT / "requirements" / "serving.txt").read_text(encoding="utf-8")

    python = ("--entrypoint=/opt/venv/bin/python", image, "-c", "import django; print(django.__version__)")
    shown = podman("run", "--rm", "--network=none", *python)

    assert f"\ndjango=={shown.strip()} " in lock


def read_readiness_failure(container: Container) -> str | None:
    try:
        urllib.request.urlopen(f"{container.url}/readyz", timeout=60).close()
    except urllib.error.HTTPError as unavailable:
        with unavailable:
            return json.loads(unavailable.read())["reason"]
    return None


def test_it_starts_only_the_launcher_as_an_unprivileged_user(configuration):
    assert configuration["Entrypoint"] == ["python", "-m", "django_runtimes.entrypoints.launch"]
    assert configuration.get("Cmd") is None
    assert configuration["User"] == "10001:10001"
    assert configuration["StopSignal"] == "SIGTERM"
    assert "8000/tcp" in configuration["ExposedPorts"]


def test_it_has_labels_and_no_build_variables(configuration):
    assert configuration["Labels"]["org.opencontainers.image.title"] == "webapp"
    assert configuration["Labels"]["org.opencontainers.image.description"]
    assert configuration["Labels"]["com.amazonaws.lambda.feature.snapstart"] == "Allow"
    assert configuration["Labels"]["org.opencontainers.image.revision"] == revision()
    assert configuration["Labels"]["org.opencontainers.image.version"] == version("django-runtimes")
    unwanted = ("DATABASE_URL", "WEBAPP_RUNTIME", "WEBAPP_SECRET_", "WEBAPP_SECRETS")
    assert not [name for name in configuration["Env"] if name.startswith(unwanted)]


@pytest.mark.parametrize("program", ["pip", "pip3", "gcc", "cc", "make", "uv", "hatchling", "git", "curl"])
def test_it_has_no_program_that_builds_or_installs(serving: Container, program):
    with pytest.raises(RuntimeError):
        serving.execute("sh", "-c", f"command -v {program}")
    with pytest.raises(RuntimeError):
        serving.execute("python", "-m", program)


def test_it_has_no_file_of_an_installer_or_build_tool(image):
    named = " -o ".join(f"-name '{name}'" for name in _INSTALLERS)
    look = f"find / -xdev '(' {named} ')'"

    # Only root may search every folder.
    assert podman("run", "--rm", "--user=0", "--network=none", "--entrypoint=/bin/sh", image, "-c", look) == ""


def test_it_has_only_the_serving_packages(serving: Container):
    names = serving.execute(
        "python", "-c", "import importlib.metadata as m; print(*(d.name for d in m.distributions()))"
    )

    assert {"Django", "django-runtimes"} <= set(names.split())
    assert not {"aiohttp", "hatchling", "moto", "pip", "pytest", "setuptools", "wheel"} & set(names.lower().split())


def test_it_has_the_root_certificates_of_rds_and_amazon(serving: Container):
    roots = serving.execute("sh", "-c", "grep -c BEGIN /app/django_runtimes/databases/roots/*.pem")

    assert len(roots.splitlines()) >= 1
    assert all(int(line.rpartition(":")[2]) > 0 for line in roots.splitlines())


def test_every_module_is_compiled_and_none_is_recompiled(image, serving: Container):
    assert serving.execute("python", "-c", _LIST_UNCOMPILED) == ""
    assert loaded_from_source(image) == []


def test_a_start_imports_from_the_bundle(image, database_url, log):
    names = ("json.decoder", "django.db.models.query", "django_runtimes.cli.main", "webapp.guestbook.models")
    program = f"import sys; print(*(type(sys.modules[n].__loader__).__name__ for n in {names}))"

    arguments = ("shell", "--no-imports", "-c", program)
    exit_code, output = run(image, log, *arguments, **container_environ(database_url))

    # The tool that runs commands is no part of a start that serves.
    assert (exit_code, output.split()) == (0, ["BundledLoader", "BundledLoader", "SourceFileLoader", "BundledLoader"])


def test_only_tmp_is_writable_and_no_privilege_is_available(serving: Container):
    status = serving.execute("cat", "/proc/1/status")

    assert "Uid:\t10001\t10001\t10001\t10001" in status
    assert "CapEff:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    with pytest.raises(RuntimeError, match="Read-only file system"):
        serving.execute("touch", "/app/new")
    serving.execute("touch", "/tmp/new")


def test_an_upload_that_does_not_fit_tmp_gets_a_503_and_one_log_line(serving: Container):
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(serving.url).port, timeout=60)
    before = len(serving.logs().splitlines())

    connection.request("POST", "/", bytes(20 * 2**20), {"Host": "guestbook.example", "X-Forwarded-Proto": "https"})
    response = connection.getresponse()
    response.read()
    connection.close()

    assert (response.status, response.headers["Retry-After"]) == (503, "1")
    deadline = time.monotonic() + 120
    # The container engine writes the log with a delay.
    while len(written := serving.logs().splitlines()[before:]) == 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    (line,) = written
    assert "a request's body cannot be spooled to disk: [Errno 28] No space left on device" in line


def test_it_exits_with_0_on_sigterm(image, database_url, log):
    with run_container(image, container_environ(database_url), log=log) as container:
        container.wait_until_serving("/readyz")
        container.signal(SIGTERM)
        assert container.wait() == 0, container.logs()


def test_readiness_fails_before_a_shutdown(image, database_url, log):
    # Long enough for a machine that stands still while the server drains.
    environ = container_environ(database_url) | {"WEBAPP_DRAIN_S": "12"}
    with run_container(image, environ, log=log) as container:
        container.wait_until_serving("/readyz")
        container.signal(SIGTERM)
        while (reason := read_readiness_failure(container)) is None:
            time.sleep(0.02)
        assert reason == "DrainingError"
        with urllib.request.urlopen(f"{container.url}/healthz", timeout=60) as response:
            assert response.status == 200
        assert container.wait() == 0, container.logs()


def test_it_starts_a_worker_for_each_available_cpu(image, log):
    environ = container_environ(_UNREACHABLE)
    del environ["WEBAPP_WORKERS"]
    with run_container(image, environ, log=log, cpus=1.5) as container:
        container.wait_until_serving()
        container.wait_for_log("Booting worker")
        assert container.logs().count("Booting worker") == 1


def test_by_default_it_serves_as_local_and_on_every_interface(image, log):
    with run_container(image, {"DATABASE_URL": _UNREACHABLE}, log=log, network="bridge") as container:
        container.wait_until_serving()
        container.wait_for_log("Serving as local")
        container.wait_for_log("WEBAPP_SECRET_KEY is not set, and 0.0.0.0 is reachable")


@pytest.mark.parametrize("arguments", [(), ("migrate",), ("check",)], ids=["server", "migrate", "check"])
@pytest.mark.parametrize("missing", ["WEBAPP_SECRET_KEY", "WEBAPP_ALLOWED_HOSTS", "DATABASE_URL"])
def test_a_missing_variable_is_reported_in_one_line_with_exit_code_78(image, log, missing, arguments):
    environ = {name: value for name, value in container_environ(_UNREACHABLE).items() if name != missing}

    exit_code, output = run(image, log, *arguments, **environ)

    assert exit_code == 78
    assert missing in output
    assert len(output.splitlines()) == 1


def test_a_missing_database_is_reported_in_one_line_under_local(image, log):
    with run_container(image, {}, log=log, network="bridge") as container:
        assert container.wait() == 78
        assert container.logs().startswith("webapp: no database is configured; set DATABASE_URL")
        assert len(container.logs().splitlines()) == 1


def test_it_serves_without_shared_memory(image, database_url, log):
    with run_container(image, container_environ(database_url), log=log, options=("--ipc=none",)) as container:
        container.wait_until_serving("/readyz")
        with pytest.raises(RuntimeError):
            container.execute("touch", "/dev/shm/new")


def test_it_runs_commands(image, database_url, log):
    # The fixture has migrated the database with this image.
    exit_code, output = run(image, log, "showmigrations", "--plan", **container_environ(database_url))

    assert exit_code == 0, output
    assert "[X]  guestbook.0001_initial" in output
    assert "[ ]" not in output


def test_a_snapshot_of_the_function_shares_nothing(image, database_url, log):
    environ = {**container_environ(database_url, "aws_lambda"), "WEBAPP_DB_ROUTE": "direct"}
    exit_code, output = run(image, log, "check", "--snapshot", **environ)

    assert exit_code == 0, output
    assert "Nothing would be shared by all environments restored from this snapshot" in output
    # The default pages were requested.
    assert "page: " not in output


def test_it_runs_the_doctor(image, database_url, log):
    exit_code, output = run(image, log, "doctor", "--json", **container_environ(database_url))

    assert "Traceback" not in output
    assert exit_code in {0, 1}, output


@pytest.mark.parametrize("verb", ["compare", "cost", "deploy", "docs", "init", "pinlint", "serve", "test"])
def test_a_verb_that_the_image_omits_is_explained_in_one_line(image, log, verb):
    exit_code, output = run(image, log, verb)

    assert exit_code == 2
    assert output.strip() == f"webapp {verb} is not part of this image; run it where the project is developed"


def test_containers_of_a_killed_session_are_removed(image):
    ended_process = subprocess.Popen(["true"])
    ended_process.wait()
    name = podman(
        "run", "--detach", f"--label=webapp.tests.owner={ended_process.pid}", "--entrypoint=sleep", image, "600"
    )

    remove_stale_containers()

    assert name not in podman("ps", "--all", "--quiet", "--no-trunc")
