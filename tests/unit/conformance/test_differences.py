"""Test endings that differ from Django's, and the rules for the lists of differences."""

import pytest

from tests.conformance.differences import ListError, compare, read_groups, read_list
from tests.conformance.ending import Ending
from tests.conformance.ways import WAYS

A, B = "basic.tests.A.test_a", "basic.tests.A.test_b"
PASSED, SKIPPED = Ending("passed"), Ending("skipped", ("skipped: no database",))
FAILED = Ending("failed", ("AssertionError: 200 != 404 : a page is missing",))
LISTED = {A: ("AssertionError: 200 != 404",)}
CLASS_FAILED = {"setUpClass (basic.tests.A)": Ending("failed", ("KeyError: 'x'",))}


def differences(stock, ours, listed=None):
    return compare(stock, ours, listed or {}, ["basic"])


def test_equal_endings_are_not_a_difference():
    assert differences({A: PASSED, B: FAILED}, {A: PASSED, B: FAILED}) == []


@pytest.mark.parametrize(
    ("ours", "line"),
    [
        ({A: FAILED}, "here AssertionError: 200 != 404 : a page is missing"),
        ({A: SKIPPED}, "here skipped: no database"),
        ({}, "here not run"),
    ],
)
def test_a_test_that_passes_only_with_django_is_a_difference(ours, line):
    assert differences({A: PASSED}, ours) == [f"{A}: passed with Django, {line}"]


@pytest.mark.parametrize(("stock", "word"), [({A: SKIPPED}, "skipped"), ({}, "not run")])
def test_a_test_that_fails_only_here_is_a_difference(stock, word):
    assert differences(stock, {A: FAILED}) == [
        f"{A}: {word} with Django, here AssertionError: 200 != 404 : a page is missing"
    ]


@pytest.mark.parametrize(
    ("ours", "cause"),
    [
        ({A: FAILED}, "AssertionError: 200 != 404"),
        ({A: SKIPPED}, "skipped: no database"),
        ({}, "not run"),
    ],
)
def test_a_listed_difference_is_not_reported(ours, cause):
    assert differences({A: PASSED}, ours, {A: (cause,)}) == []


@pytest.mark.parametrize("cause", ["AssertionError: 500 != 404", "KeyError: 200 != 404 : a page is missing"])
def test_a_listed_test_with_a_different_failure_is_a_difference(cause):
    lines = differences({A: PASSED}, {A: Ending("failed", (cause,))}, LISTED)

    assert lines == [
        f"{A}: listed with another end; here {cause}",
        f"{A}: listed as 'AssertionError: 200 != 404', which does not happen; correct the list",
    ]


@pytest.mark.parametrize("ours", [{}, {A: SKIPPED}])
def test_a_listed_failure_that_was_not_run_is_a_difference(ours):
    assert len(differences({A: PASSED}, ours, LISTED)) == 2


def test_every_failed_subtest_is_compared():
    ours = {A: Ending("failed", (*FAILED.causes, "KeyError: 'x'"))}

    assert differences({A: PASSED}, ours, LISTED) == [f"{A}: listed with another end; here KeyError: 'x'"]
    assert differences({A: PASSED}, ours, {A: (*LISTED[A], "KeyError: 'x'")}) == []


def test_the_tests_of_a_failed_class_fixture_end_with_its_error():
    fixture = "setUpClass (basic.tests.A)"
    listed = {A: ("error in setUpClass: KeyError: 'x'",), fixture: ("KeyError: 'x'",)}

    assert differences({A: PASSED}, CLASS_FAILED) == [
        f"{A}: passed with Django, here error in setUpClass: KeyError: 'x'",
        f"{fixture}: not run with Django, here KeyError: 'x'",
    ]
    assert differences({A: PASSED}, CLASS_FAILED, listed) == []


def test_a_listed_test_that_passes_must_leave_the_list():
    assert differences({A: PASSED}, {A: PASSED}, LISTED) == [f"{A}: is listed and passes; take it off the list"]


def test_a_listed_test_that_does_not_exist_must_leave_the_list():
    lines = differences({}, {}, LISTED)

    assert lines == [f"{A}: is listed, and not run with Django; take it off the list"]


def test_listed_tests_of_labels_that_do_not_run_are_ignored():
    assert compare({}, {}, {A: ("not run",), "schema.tests.B.test": ("not run",)}, ["schema.tests.A"]) == []


@pytest.mark.parametrize("cause", ["fails", "AssertionError", "AssertionError: ", ""])
def test_a_list_must_say_how_a_test_ends(tmp_path, cause):
    file = tmp_path / "way.toml"
    file.write_text(f'[[differences]]\nreason = "It differs."\n[differences.tests]\n"{A}" = "{cause}"\n')

    with pytest.raises(ListError, match="does not say how the test ends"):
        read_groups(file)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_every_listed_test_belongs_to_a_label(way):
    assert {test.partition(".")[0] for test in read_list(way.name)} <= way.suites


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_ci_runs_only_some_of_the_labels(way):
    assert {label.partition(".")[0] for label in way.labels_in_ci} <= way.suites
    assert not set(way.labels) <= set(way.labels_in_ci)
