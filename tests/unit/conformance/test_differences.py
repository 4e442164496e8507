"""What counts as a difference from Django, and that every list says why."""

import pytest

from tests.conformance.differences import compare, read_list
from tests.conformance.ways import WAYS

A, B = "basic.tests.A.test_a", "basic.tests.A.test_b"


def test_the_same_outcomes_are_no_difference():
    assert compare({A: "passed", B: "failed"}, {A: "passed", B: "failed"}, [], ["basic"]) == []


@pytest.mark.parametrize(
    ("ours", "line"),
    [({A: "failed"}, "fails here"), ({A: "skipped"}, "is skipped here"), ({}, "is not run here")],
)
def test_what_does_not_pass_here_is_a_difference(ours, line):
    assert compare({A: "passed"}, ours, [], ["basic"]) == [f"{A}: passes with Django, {line}"]


def test_a_listed_difference_is_none():
    assert compare({A: "passed"}, {A: "failed"}, [A], ["basic"]) == []


def test_a_listed_test_that_passes_is_to_be_taken_off():
    assert compare({A: "passed"}, {A: "passed"}, [A], ["basic"]) == [f"{A}: is listed and passes; take it off the list"]


def test_a_listed_test_that_does_not_exist_is_to_be_taken_off():
    lines = compare({}, {}, [A], ["basic"])

    assert lines == [f"{A}: is listed, and is not run with Django; take it off the list"]


def test_only_labels_that_run_are_compared_with_the_list():
    assert compare({}, {}, [A, "schema.tests.B.test"], ["schema.tests.A"]) == []


@pytest.mark.parametrize("way", [way.name for way in WAYS])
def test_every_list_can_be_read(way):
    assert all(len(reason.split()) > 5 for reason in read_list(way).values())


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_ci_runs_labels_of_all(way):
    assert set(way.labels_in_ci) < set(way.labels)
