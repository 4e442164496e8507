"""A project that Wagtail generates, adopted and served by both entry points."""

import secrets
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from django_runtimes.compare.services.database_creation import create_database, drop_database
from tests.integration.project_files.projects import tree
from tests.integration.projects.example import Example
from tests.integration.serving.lambda_handler.front import event_of, status_of
from tests.prerequisites import lack

# The index may be slow or out of reach for a moment, which must not fail a change.
pytestmark = pytest.mark.weekly
PAGES = ["/", "/admin/login/"]
# Wagtail's template requires Django 6.1, which needs Python 3.12; an older Python gets this environment's Django.
_INSTALLS_ITS_DJANGO = sys.version_info >= (3, 12)


def run(*command: str | Path, directory: Path) -> str:
    """Run a command and return its output; fail the test if it fails."""
    ended = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def create_environment(folder: Path) -> Path:
    """Create an environment that also sees the packages of this environment, and return its Python."""
    run(sys.executable, "-m", "venv", folder, directory=folder.parent)
    python = folder / "bin" / "python"
    own = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", directory=folder).strip()
    line = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    Path(own, "beside.pth").write_text(line, encoding="utf-8")
    return python


def install(python: Path, *packages: str, directory: Path) -> None:
    """Install packages from the index; if that fails, skip the test, or fail it with CI=true."""
    command = [python, "-m", "pip", "install", "--quiet", "--retries", "1", "--timeout", "20", *packages]
    ended = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=300, check=False)
    if ended.returncode:
        lack(f"{' '.join(packages)} cannot be installed from the index: {ended.stderr.strip()[-500:]}")


@pytest.fixture(scope="module")
def generated(tmp_path_factory) -> tuple[Path, Path]:
    """The folder of a site of `wagtail start`, and the Python of its environment."""
    folder = tmp_path_factory.mktemp("generated")
    python = create_environment(folder / "environment")
    install(python, "wagtail", directory=folder)
    run(python.with_name("wagtail"), "start", "mysite", directory=folder)
    mysite = folder / "mysite"
    if _INSTALLS_ITS_DJANGO:
        install(python, "-r", "requirements.txt", directory=mysite)
    else:
        (mysite / "requirements.txt").write_text("django\nwagtail\n", encoding="utf-8")
    # Wagtail's documentation requires this app on PostgreSQL; Django 6.1 refuses Wagtail's models without it.
    with (mysite / "mysite" / "settings" / "base.py").open("a", encoding="utf-8") as settings:
        settings.write('\nINSTALLED_APPS += ["django.contrib.postgres"]\n')
    return mysite, python


@pytest.fixture(scope="module")
def site(generated, database_server, tmp_path_factory) -> Iterator[Example]:
    """The site, adopted by `webapp init` and migrated as on ECS."""
    mysite, python = generated
    mysite = Path(shutil.copytree(mysite, tmp_path_factory.mktemp("adopted") / "mysite"))
    database = f"webapp_generated_{secrets.token_hex(4)}"
    create_database(database_server, database)
    example = Example(mysite, database_server.url(database), {}, str(python))
    example.webapp("init", "--yes")
    example.webapp("migrate", "--verbosity", "0", runtime="aws_ecs")
    example.webapp("collectstatic", "--no-input", "--verbosity", "0", runtime="aws_ecs")
    yield example
    drop_database(database_server, database)


def test_the_generated_sites_pages_are_served_in_a_container(site, server):
    client, _ = server(site)

    assert [client.ask("GET", page)[0].status for page in PAGES] == [200, 200]


def test_the_generated_sites_pages_are_served_on_lambda(site):
    replies = site.replies(*(event_of("http_api_v2", "GET", page, headers={"host": "shop.example"}) for page in PAGES))

    assert [status_of(reply) for reply in replies] == [200, 200]


def test_undo_restores_every_byte_of_the_generated_site(generated, tmp_path):
    mysite, python = generated
    example = Example(Path(shutil.copytree(mysite, tmp_path / "mysite")), "", {}, str(python))
    before = tree(example.folder)
    example.webapp("init", "--yes")
    assert tree(example.folder) != before

    example.webapp("init", "--undo", "--yes")

    assert tree(example.folder) == before


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_failed_installation_fails_the_test_in_ci(ci, outcome, monkeypatch, tmp_path):
    monkeypatch.setenv("CI", ci)
    # pip asks no index, as without a network.
    monkeypatch.setenv("PIP_NO_INDEX", "1")

    with pytest.raises(outcome, match="absent-package cannot be installed from the index"):
        install(Path(sys.executable), "absent-package", directory=tmp_path)
