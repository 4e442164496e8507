"""The bundle of modules: how it is written, and what is imported from it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.entrypoints.launcher import REQUIRED, connect, container

pytestmark = pytest.mark.profile_free

WRITER = "django_runtimes.entrypoints.bundle"
LAUNCHER = "django_runtimes.entrypoints.launch"

# Writes a bundle for the search path of its own process.
WRITE = """
import sys
from pathlib import Path
from django_runtimes.entrypoints.bundle.bundle_writer import write_bundle
print(write_bundle(Path(sys.argv[1]), sys.argv[2:]))
"""
USE = """
import sys
from django_runtimes.entrypoints.bundle.bundled_modules import use_bundle
use_bundle(sys.argv[1])
"""
# Prints the module's loader and its value.
IMPORT = USE + "import shop.orders as m; print(type(m.__loader__).__name__, m.VALUE)"
FROM_BUNDLE, FROM_SOURCE = "BundledLoader", "SourceFileLoader"


def run(*arguments: str, folder: Path, exit_code: int = 0, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "webapp.settings", **variables}
    process = subprocess.run(
        [sys.executable, *arguments], env=environ, cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    assert process.returncode == exit_code, process.stderr
    return process


class Shop:
    """A package in a folder of the search path, and its bundle."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.orders = folder / "shop" / "orders.py"
        self.bundle = folder / "shop.bundle"
        self.orders.parent.mkdir()
        (folder / "shop" / "__init__.py").write_text("")
        self.orders.write_text("VALUE = 1\n\n\ndef fail():\n    raise RuntimeError('sold out')\n")
        (folder / "shop" / "prices.txt").write_text("7 francs")

    def run(self, program: str, *arguments: str, exit_code: int = 0, **variables: str) -> subprocess.CompletedProcess:
        variables = {"PYTHONPATH": str(self.folder), **variables}
        return run(
            "-P", "-c", program, str(self.bundle), *arguments, folder=self.folder, exit_code=exit_code, **variables
        )

    def imported(self, **variables: str) -> list[str]:
        """Return the loader's name and the value of a new process."""
        return self.run(IMPORT, **variables).stdout.split()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    assert shop.run(WRITE, "shop", "shop.orders").stdout == "2\n"
    return shop


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the working directory of the sample's processes, which belongs to their search path."""
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="module")
def bundle(folder: Path) -> Path:
    bundle = folder / "modules.bundle"
    process = run("-m", WRITER, str(bundle), folder=folder)
    assert process.stderr == ""
    assert process.stdout.startswith(f"{bundle}: ")
    assert [file.name for file in folder.iterdir()] == ["modules.bundle"]
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


def test_an_unchanged_module_comes_from_the_bundle(shop):
    assert shop.imported() == [FROM_BUNDLE, "1"]


def test_a_module_that_has_grown_comes_from_its_source(shop):
    status = shop.orders.stat()
    shop.orders.write_text("VALUE = 1234567890\n\n\ndef fail():\n    raise RuntimeError('sold out')\n")
    os.utime(shop.orders, ns=(status.st_atime_ns, status.st_mtime_ns))

    assert shop.imported(PYTHONDONTWRITEBYTECODE="1") == [FROM_SOURCE, "1234567890"]


def test_a_module_of_another_time_comes_from_its_source(shop):
    shop.orders.write_text(shop.orders.read_text().replace("1", "2"))
    os.utime(shop.orders, (0, 0))

    assert shop.imported(PYTHONDONTWRITEBYTECODE="1") == [FROM_SOURCE, "2"]


def test_fractions_of_a_second_do_not_count(shop):
    second = int(shop.orders.stat().st_mtime)
    os.utime(shop.orders, (second, second))

    assert shop.imported() == [FROM_BUNDLE, "1"]


def test_a_module_whose_source_is_gone_does_not_exist(shop):
    shop.orders.unlink()

    assert "No module named 'shop.orders'" in shop.run(IMPORT, exit_code=1).stderr


def test_a_package_with_another_search_path_is_searched_there(shop):
    (shop.folder / "other").mkdir()
    (shop.folder / "other" / "orders.py").write_text("VALUE = 3\n")
    program = IMPORT.replace("import shop.orders", "import shop; shop.__path__ = ['other']; import shop.orders")

    assert shop.run(program).stdout.split() == [FROM_SOURCE, "3"]


def test_a_module_that_is_loaded_again_comes_from_its_source(shop):
    program = f"{IMPORT}; import importlib; m = importlib.reload(m); print(type(m.__spec__.loader).__name__)"

    assert shop.run(program).stdout.split() == [FROM_BUNDLE, "1", FROM_SOURCE]


def test_tools_find_the_source_and_the_files_of_a_package(shop):
    program = USE + (
        "import inspect, importlib.resources as r, shop.orders as m, traceback, pkgutil, runpy\n"
        "print(inspect.getsource(m.fail).split()[1], r.files('shop').joinpath('prices.txt').read_text())\n"
        "print([found.name for found in pkgutil.iter_modules(m.__spec__.loader and __import__('shop').__path__)])\n"
        "print(m.__file__, m.__spec__.origin, m.__cached__, runpy.run_module('shop.orders')['VALUE'], sep='\\n')\n"
        "try:\n    m.fail()\nexcept RuntimeError:\n    print(traceback.format_exc())\n"
    )

    lines = shop.run(program).stdout.splitlines()

    assert lines[0] == "fail(): 7 francs"
    assert lines[1] == "['orders']"
    assert lines[2:4] == [str(shop.orders)] * 2
    assert Path(lines[4]).parent == shop.orders.parent / "__pycache__"
    assert lines[5] == "1"
    assert "    raise RuntimeError('sold out')" in lines


def test_a_process_with_another_search_path_says_so_and_imports_as_usual(shop, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(shop.folder / "shop", other / "shop")

    process = shop.run(IMPORT, PYTHONPATH=str(other))

    assert process.stdout.split() == [FROM_SOURCE, "1"]
    start = f"webapp: WEBAPP_MODULE_BUNDLE={str(shop.bundle)!r} is not used: it is for the search path {shop.folder}:"
    assert process.stderr.startswith(start)
    assert process.stderr.count("\n") == 1


def test_a_module_on_a_further_folder_of_the_search_path_is_not_hidden(shop, tmp_path_factory):
    further = tmp_path_factory.mktemp("further")
    shutil.copytree(shop.folder / "shop", further / "shop")
    (further / "shop" / "orders.py").write_text("VALUE = 5\n")

    process = shop.run(IMPORT, PYTHONPATH=f"{further}:{shop.folder}")

    assert process.stdout.split() == [FROM_SOURCE, "5"]
    assert process.stderr == (
        f"webapp: WEBAPP_MODULE_BUNDLE={str(shop.bundle)!r} is not used: {further}, which is on the search path, has a "
        "module of its own for shop\n"
    )


def test_a_further_folder_with_other_modules_changes_nothing(shop, tmp_path_factory):
    # A monitoring tool's launcher does this, and Python then imports its sitecustomize.
    further = tmp_path_factory.mktemp("further")
    (further / "sitecustomize.py").write_text("import sys; sys.patched = True\n")
    program = f"{IMPORT}; print(sys.patched)"

    process = shop.run(program, PYTHONPATH=f"/no/such/folder:{further}:{shop.folder}")

    assert process.stdout.split() == [FROM_BUNDLE, "1", "True"]
    assert process.stderr == ""


def test_a_search_path_that_cannot_be_listed_is_named(shop):
    archive = shop.folder / "more.zip"
    archive.write_bytes(b"")

    process = shop.run(IMPORT, PYTHONPATH=f"{archive}:{shop.folder}")

    assert process.stdout.split() == [FROM_SOURCE, "1"]
    assert process.stderr.endswith(f"{archive}, which is on the search path, cannot be listed: Not a directory\n")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda bundle: bundle.unlink(), "No such file or directory"),
        (lambda bundle: (bundle.unlink(), bundle.mkdir()), "Is a directory"),
        (lambda bundle: bundle.write_bytes(b""), "it is no bundle for this version of Python"),
        (lambda bundle: bundle.write_bytes(bundle.read_bytes().replace(b"modules of", b"modules of older", 1)),
         "it is no bundle for this version of Python"),
        (lambda bundle: bundle.write_bytes(bundle.read_bytes()[:-1]), "it is damaged; write it again"),
        (lambda bundle: bundle.write_bytes(bundle.read_bytes()[:100]), "it is damaged; write it again"),
        (lambda bundle: bundle.write_bytes(bundle.read_bytes()[:55]), "it is damaged; write it again"),
    ],
    ids=["missing", "a folder", "empty", "another form", "cut off", "without an index", "almost empty"],
)  # fmt: skip
def test_an_unusable_file_is_named_and_not_used(shop, change, reason):
    change(shop.bundle)

    process = shop.run(IMPORT)

    assert process.stdout.split() == [FROM_SOURCE, "1"]
    assert process.stderr == f"webapp: WEBAPP_MODULE_BUNDLE={str(shop.bundle)!r} is not used: {reason}\n"


def test_what_is_no_source_file_is_left_out(shop):
    names = "shop", "sys", "_ssl", "os.path", "no_such_module", "shop.no_such", "shop.orders.VALUE"

    # Python has os.path under its own name too.
    assert shop.run(WRITE, *names).stdout == "1\n"


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
