"""The verdict of a trial, which covers all its repetitions."""

import pytest

from tests.faults.figures.trials import Case, Trial, Verdict


@pytest.fixture
def verdicts() -> list[Verdict]:
    return []


@pytest.fixture
def trial(verdicts: list[Verdict]) -> Trial:
    return Trial(Case(1, "backends killed", "aws_ecs/pool/direct"), 2, verdicts.append)


def test_the_worst_value_of_each_figure_counts(trial, verdicts):
    with trial.judged(least={"ended": 1}, recovery_s=1.0):
        trial.note(ended=8, recovery_s=0.5)
        trial.note(ended=4, recovery_s=0.25)

    assert verdicts[0].worst == {"ended": 4, "recovery_s": 0.5}
    assert verdicts[0].passed


def test_one_repetition_without_its_fault_fails_the_trial(trial):
    trial.note(ended=8)
    trial.note(ended=0)

    with pytest.raises(AssertionError, match="the fault did not happen: ended"), trial.judged(least={"ended": 1}):
        pass


def test_an_aborted_trial_is_published_with_its_reason(trial, verdicts):
    with pytest.raises(TimeoutError), trial.judged(least={}):
        raise TimeoutError("no success")

    assert verdicts[0].problem == "TimeoutError: no success"
    assert not verdicts[0].passed


def test_a_single_repetition_has_no_limits_of_durations(verdicts):
    trial = Trial(Case(1, "backends killed", "aws_ecs/pool/direct"), 1, verdicts.append)

    with trial.judged(least={"ended": 1}, recovery_s=1.0, errors=0):
        trial.note(ended=8, recovery_s=30.0, errors=0)

    assert verdicts[0].passed
    assert verdicts[0].limits == {"errors": 0}


def test_a_trial_may_leave_durations_unjudged(verdicts):
    trial = Trial(Case(1, "backends killed", "aws_ecs/pool/direct"), 5, verdicts.append, judges_durations=False)

    with trial.judged(least={}, recovery_s=1.0, errors=0):
        trial.note(recovery_s=30.0, errors=0)

    assert verdicts[0].limits == {"errors": 0}


def test_a_single_repetition_has_limits_of_counts(verdicts):
    trial = Trial(Case(1, "backends killed", "aws_ecs/pool/direct"), 1, verdicts.append)

    with pytest.raises(AssertionError, match="beyond the limit: errors"), trial.judged(least={}, errors=0):
        trial.note(errors=1)
