"""What is imported from the bundle of modules."""

import os
from pathlib import Path

import pytest

from tests.integration.entrypoints.bundle.shop import FROM_BUNDLE, FROM_SOURCE, IMPORT, USE

pytestmark = pytest.mark.profile_free


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


def test_the_import_hooks_of_a_tool_see_every_module(shop):
    hook = "class Hook:\n    def find_spec(self, name, path=None, target=None): print('saw', name)\n"
    program = f"{hook}import sys\nsys.meta_path.insert(0, Hook()){IMPORT}"

    lines = shop.run(program).stdout.splitlines()

    assert {"saw shop", "saw shop.orders"} <= {*lines}
    assert lines[-1] == "BundledLoader 1"


def test_without_pythons_own_finder_it_is_not_used(shop):
    program = USE.replace("use_bundle(sys", "sys.meta_path.clear(); use_bundle(sys")

    assert "is not used: sys.meta_path does not have Python's own finder\n" in shop.run(program).stderr


def test_it_works_after_a_program_has_closed_all_files(shop):
    program = IMPORT.replace("import shop.orders", "import os; os.closerange(3, 64); import shop.orders")

    assert shop.run(program).stdout.split() == [FROM_BUNDLE, "1"]


@pytest.mark.parametrize("option", ["-O", "-OO"])
def test_another_level_of_optimization_needs_another_bundle(shop, option):
    process = shop.run(IMPORT, option=option)

    assert process.stdout.split() == [FROM_SOURCE, "1"]
    assert "it is no bundle for this version of Python, or for its options" in process.stderr


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
