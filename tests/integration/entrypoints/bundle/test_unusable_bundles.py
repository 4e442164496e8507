"""A bundle that cannot be used is named, and the process starts without it."""

import marshal
import os

import pytest

from django_runtimes.entrypoints.bundle.bundled_modules import HEADER, OFFSET_BYTES
from tests.integration.entrypoints.bundle.shop import FROM_SOURCE, IMPORT

pytestmark = pytest.mark.profile_free


def test_damaged_code_is_replaced_by_the_source(shop):
    content = shop.bundle.read_bytes()
    place = content.index(b"sold out")
    # The type of an object in the code of the module.
    shop.bundle.write_bytes(content[: place - 1] + b"\xff" + content[place:])
    damaged = shop.imported()
    shop.bundle.write_bytes(content[:150] + bytes(20) + content[170:])

    assert damaged[1] == shop.imported()[1] == "1"


@pytest.mark.parametrize("index", [(None, {}), ([], []), ({}, {}), 5, ({}, {"shop": 1})])
def test_a_foreign_index_is_damage(shop, index):
    shop.bundle.write_bytes(
        HEADER + (len(HEADER) + OFFSET_BYTES).to_bytes(OFFSET_BYTES, "little") + marshal.dumps(index)
    )

    process = shop.run(IMPORT)

    assert process.stdout.split() == [FROM_SOURCE, "1"]
    assert process.stderr.endswith(" is not used: it is damaged; write it again\n")


def test_other_times_of_all_files_are_reported(shop):
    for file in shop.folder.rglob("*.py"):
        os.utime(file, (1_700_000_000, 1_700_000_000))

    process = shop.run(IMPORT)

    assert process.stdout.split() == [FROM_SOURCE, "1"]
    init = shop.folder / "shop" / "__init__.py"
    assert process.stderr.endswith(f" is not used: {init} has another size or time than in it; write it again\n")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda bundle: bundle.unlink(), "No such file or directory"),
        (lambda bundle: (bundle.unlink(), bundle.mkdir()), "Is a directory"),
        (lambda bundle: bundle.write_bytes(b""), "it is no bundle for this version of Python, or for its options"),
        (lambda bundle: bundle.write_bytes(bundle.read_bytes().replace(b"modules of", b"modules of older", 1)),
         "it is no bundle for this version of Python, or for its options"),
        (lambda bundle: bundle.write_bytes(bundle.read_bytes()[:-1]), "it is damaged; write it again"),
        (lambda bundle: bundle.write_bytes(bundle.read_bytes()[:100]), "it is damaged; write it again"),
        (lambda bundle: bundle.write_bytes(bundle.read_bytes()[:75]), "it is damaged; write it again"),
    ],
    ids=["missing", "a folder", "empty", "another form", "cut off", "without an index", "almost empty"],
)  # fmt: skip
def test_an_unusable_file_is_named_and_not_used(shop, change, reason):
    change(shop.bundle)

    process = shop.run(IMPORT)

    assert process.stdout.split() == [FROM_SOURCE, "1"]
    assert process.stderr == f"webapp: WEBAPP_MODULE_BUNDLE={str(shop.bundle)!r} is not used: {reason}\n"


def test_a_missing_source_of_the_first_module_is_reported(shop):
    init = shop.folder / "shop" / "__init__.py"
    init.unlink()

    process = shop.run(IMPORT)

    assert process.stdout.split() == [FROM_SOURCE, "1"]
    assert process.stderr.endswith(f" is not used: {init} has another size or time than in it; write it again\n")
