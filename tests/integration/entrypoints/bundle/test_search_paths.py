"""Modules that Python would find elsewhere do not come from the bundle."""

import os
import shutil

import pytest

from tests.integration.entrypoints.bundle.shop import FROM_BUNDLE, FROM_SOURCE, IMPORT, WRITE

pytestmark = pytest.mark.profile_free


@pytest.mark.parametrize("places", ["['other']", "['other', *shop.__path__]", "[*shop.__path__, 'other']"])
def test_a_package_with_another_search_path_is_searched_there(shop, places):
    (shop.folder / "other").mkdir()
    (shop.folder / "other" / "orders.py").write_text("VALUE = 3\n")
    program = IMPORT.replace("import shop.orders", f"import shop; shop.__path__ = {places}; import shop.orders")

    expected = "1" if places.startswith("[*") else "3"
    assert shop.run(program).stdout.split() == [FROM_SOURCE, expected]


def test_a_folder_that_the_program_puts_first_is_searched_first(shop, tmp_path_factory):
    vendor = tmp_path_factory.mktemp("vendor")
    (vendor / "shop").mkdir()
    (vendor / "shop" / "orders.py").write_text("VALUE = 4\n")
    (vendor / "shop" / "__init__.py").write_text("")
    program = IMPORT.replace("import shop.orders", f"sys.path.insert(0, {str(vendor)!r}); import shop.orders")

    assert shop.run(program).stdout.split() == [FROM_SOURCE, "4"]


def test_a_file_that_is_added_to_an_earlier_folder_of_the_path_is_found(shop, tmp_path_factory):
    earlier = tmp_path_factory.mktemp("earlier")
    os.utime(earlier, (0, 0))
    path = f"{earlier}:{shop.folder}"
    shop.run(WRITE, "shop", "shop.orders", PYTHONPATH=path)
    assert shop.imported(PYTHONPATH=path) == [FROM_BUNDLE, "1"]
    shutil.copytree(shop.folder / "shop", earlier / "shop")
    (earlier / "shop" / "orders.py").write_text("VALUE = 6\n")

    assert shop.imported(PYTHONPATH=path) == [FROM_SOURCE, "6"]


def test_a_namespace_package_with_a_further_part_is_searched_in_order(shop, tmp_path_factory):
    (shop.folder / "ns").mkdir()
    (shop.folder / "ns" / "part.py").write_text("VALUE = 1\n")
    further = tmp_path_factory.mktemp("further")
    shop.run(WRITE, "ns.part")
    program = IMPORT.replace("shop.orders", "ns.part")
    assert shop.run(program).stdout.split() == [FROM_BUNDLE, "1"]
    (further / "ns").mkdir()
    (further / "ns" / "part.py").write_text("VALUE = 2\n")

    assert shop.run(program, PYTHONPATH=f"{further}:{shop.folder}").stdout.split() == [FROM_SOURCE, "2"]


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
        "module named shop too\n"
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
