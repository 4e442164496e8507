import copy
import pprint

from django_runtimes.config.secret import Secret


def test_a_secret_equals_its_text():
    assert Secret("hunter2") == "hunter2"
    assert f"{Secret('hunter2')}" == "hunter2"


def test_a_secret_is_masked_where_variables_are_printed():
    variables = {"parameters": {"password": copy.deepcopy(Secret("hunter2"))}}

    assert "hunter2" not in repr(variables)
    assert "hunter2" not in pprint.pformat(variables)
