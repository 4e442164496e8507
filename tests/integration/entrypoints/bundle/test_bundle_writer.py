"""The command that writes the bundle of modules."""

from pathlib import Path

import pytest

from tests.integration.entrypoints.bundle.shop import FROM_BUNDLE, WRITE, run
from tests.integration.entrypoints.launcher import REQUIRED, connect, container

pytestmark = pytest.mark.profile_free

WRITER = "django_runtimes.entrypoints.bundle"
LAUNCHER = "django_runtimes.entrypoints.launch"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the working directory of the sample's processes, which belongs to their search path."""
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="module")
def bundle(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    bundle = tmp_path_factory.mktemp("image") / "modules.bundle"
    process = run("-m", WRITER, str(bundle), folder=folder)
    assert process.stderr == ""
    assert process.stdout.startswith(f"{bundle}: ")
    assert [file.name for file in bundle.parent.iterdir()] == ["modules.bundle"]
    assert [*folder.iterdir()] == []
    return bundle


def test_it_has_the_modules_of_a_function_and_of_a_server(bundle):
    content = bundle.read_bytes()

    for file in (
        *("django/core/handlers/base.py", "webapp/guestbook/models.py", "psycopg/connection.py"),
        *("runtime_loop/invocation_loop.py", "gunicorn/arbiter.py", "uvicorn/protocols/http/httptools_impl.py"),
    ):
        assert f"/{file}".encode() in content


def test_a_command_of_the_image_imports_from_it(folder, bundle):
    names = "django", "webapp.guestbook.models", "json.decoder"
    program = f"import importlib; print(*(type(importlib.import_module(n).__loader__).__name__ for n in {names}))"

    variables = {**REQUIRED, "WEBAPP_MODULE_BUNDLE": str(bundle)}
    process = run("-m", LAUNCHER, "shell", "--no-imports", "-c", program, folder=folder, **variables)

    assert process.stdout.split() == [FROM_BUNDLE] * 3
    assert process.stderr == ""


def test_a_server_answers_with_it(folder, bundle, tmp_path, monkeypatch):
    monkeypatch.chdir(folder)
    with container(tmp_path / "log", WEBAPP_MODULE_BUNDLE=str(bundle)) as (_, port):
        connection = connect(port)
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
        connection.close()
    assert "is not used" not in (tmp_path / "log").read_text()


def test_what_is_no_source_file_is_left_out(shop):
    names = "shop", "sys", "_ssl", "os.path", "no_such_module", "shop.no_such", "shop.orders.VALUE"

    # Python has os.path under its own name too.
    assert shop.run(WRITE, *names).stdout == "1\n"


@pytest.mark.parametrize("name", ["sitecustomize", "usercustomize"])
def test_what_python_imports_first_is_left_out(shop, name):
    """A monitoring tool's launcher has such a module too, and the bundle must still be used then."""
    (shop.folder / f"{name}.py").write_text("")

    assert shop.run(WRITE, "shop", name).stdout == "1\n"


def test_a_start_that_fails_leaves_out_what_it_would_import_later(folder, tmp_path):
    bundle = tmp_path / "modules.bundle"

    process = run("-m", WRITER, str(bundle), folder=folder, exit_code=1, WEBAPP_LOG_LEVEL="mine")

    first, second = process.stderr.splitlines()
    for line, what in ((first, "the function"), (second, "the server")):
        assert line.startswith(f"webapp: {what} ended with exit code 78: webapp: WEBAPP_LOG_LEVEL")
        assert line.endswith("; the modules that it would import later are not in the bundle")
    assert b"/config/environment.py" in bundle.read_bytes()
    assert b"/django/core/handlers/base.py" not in bundle.read_bytes()


@pytest.mark.parametrize("arguments", [(), ("one", "two"), ("--help",)])
def test_wrong_arguments_end_with_2(folder, arguments):
    process = run("-m", WRITER, *arguments, folder=folder, exit_code=2)

    assert process.stderr == "usage: python -m django_runtimes.entrypoints.bundle FILE\n"


def test_a_place_that_does_not_exist_ends_with_2_before_anything_starts(folder):
    process = run("-m", WRITER, "/no/such/folder/file", folder=folder, exit_code=2, DJANGO_SETTINGS_MODULE="no_such")

    assert process.stderr == "webapp: /no/such/folder/file cannot be written: No such file or directory\n"


def test_a_folder_of_the_search_path_is_refused(folder):
    process = run("-m", WRITER, "modules.bundle", folder=folder, exit_code=2)

    assert process.stderr == (
        f"webapp: {folder} is on the search path, and a file that is added there may hide modules of the bundle; write "
        "it into another folder\n"
    )
    assert [*folder.iterdir()] == []


def test_a_full_disk_ends_with_2_and_keeps_the_former_file(shop):
    former = shop.bundle.read_bytes()
    program = (
        "import resource, signal, runpy, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from django_runtimes.entrypoints.bundle import __main__ as m\n"
        "m.modules_of_function = m.modules_of_server = lambda: ['shop']\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
        "sys.exit(m.main([sys.argv[1]]))\n"
    )

    process = shop.run(program, exit_code=2)

    assert process.stderr == f"webapp: {shop.bundle} cannot be written: File too large\n"
    assert shop.bundle.read_bytes() == former
    assert not [*shop.bundle.parent.glob(f"{shop.bundle.name}.*")]


def test_no_module_is_imported_to_be_written(shop):
    (shop.folder / "shop" / "__init__.py").write_text("import sys\nraise RuntimeError('imported')\n")

    assert shop.run(WRITE, "shop", "shop.orders").stdout == "2\n"


def test_a_module_that_cannot_be_compiled_is_left_out(shop):
    shop.orders.write_text("VALUE = (\n")

    assert shop.run(WRITE, "shop", "shop.orders").stdout == "1\n"


def test_an_outdated_compiled_file_is_not_written(shop):
    options = ("-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(shop.folder))
    run(*options, folder=shop.folder)
    shop.orders.write_text("VALUE = 777777\n")

    shop.run(WRITE, "shop", "shop.orders")

    assert shop.imported() == [FROM_BUNDLE, "777777"]


def test_other_users_may_read_it(shop):
    assert shop.bundle.stat().st_mode & 0o777 == 0o644
