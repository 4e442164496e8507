from dataclasses import replace
from types import SimpleNamespace

from django_runtimes.compare.load.block import Outcome, block_of
from django_runtimes.compare.run.phases.steady_load import lacking

KEY = ("read", 25.0)
VALID = block_of([Outcome("list", 5.0, 0.0, None)], duration_s=1.0)
VOID = replace(VALID, void="late sends")
UNANSWERED = block_of([Outcome("list", 1.0, 0.0, "status_503")], duration_s=1.0)


def subject(*blocks, failure: str | None = None, is_deployed: bool = False) -> SimpleNamespace:
    return SimpleNamespace(blocks={KEY: dict(enumerate(blocks))}, failure=failure, is_deployed=is_deployed)


def test_a_subject_that_lacks_pairs_runs_again_with_the_reference():
    first, short, complete = subject(VALID, VALID), subject(VALID, VOID), subject(VALID, VALID)

    assert lacking([first, short, complete], KEY, 2) == [first, short]


def test_a_void_block_of_the_reference_costs_every_target_a_pair():
    first, second, third = subject(VALID, VOID), subject(VALID, VALID), subject(VALID, VALID)

    assert lacking([first, second, third], KEY, 2) == [first, second, third]


def test_a_block_without_an_expected_answer_makes_no_pair():
    first, second = subject(VALID), subject(UNANSWERED)

    assert lacking([first, second], KEY, 1) == [first, second]


def test_no_subject_runs_again_with_enough_pairs():
    assert lacking([subject(VALID, VALID), subject(VALID, VALID)], KEY, 2) == []


def test_failed_subjects_are_left_out():
    failed, second, third = subject(failure="it ended"), subject(VALID), subject()

    assert lacking([failed, second, third], KEY, 1) == [second, third]
    assert lacking([failed], KEY, 1) == []


def test_a_single_subject_needs_valid_blocks():
    only = subject(VALID, VOID)

    assert lacking([only], KEY, 2) == [only]
    assert lacking([only], KEY, 1) == []


def test_emulated_and_deployed_subjects_have_references_of_their_own():
    emulated, deployed = subject(VALID, VALID), subject(VALID, VOID, is_deployed=True)

    assert lacking([emulated, deployed], KEY, 2) == [deployed]
