"""No module imports itself through others, not even inside functions, where Python itself would not complain."""

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest


@pytest.mark.parametrize("package", ["django_runtimes", "webapp"])
def test_no_modules_import_each_other(package):
    graph = grimp.build_graph(package, exclude_type_checking_imports=True, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}

    assert cycle_of(imports) is None


def test_a_cycle_is_found():
    assert cycle_of({"first": {"second"}, "second": {"third"}, "third": {"first"}, "fourth": {"first"}}) is not None


def cycle_of(imports):
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return error.args[1]
    return None
