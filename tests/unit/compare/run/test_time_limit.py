from django_runtimes.compare.plan.comparison_plan import quick_plan
from django_runtimes.compare.run.run_record import _time_use
from django_runtimes.compare.run.time_limit import TimeLimit
from tests.guestbook import guestbook_workload


def test_the_time_before_begin_does_not_count_towards_the_limit():
    clock = {"s": 100.0}
    limit = TimeLimit(120.0, clock=lambda: clock["s"])
    clock["s"] = 130.0
    limit.begin()
    clock["s"] = 190.0

    assert (limit.left_s, limit.taken_s) == (60.0, 60.0)
    assert limit.is_used(0.5)
    assert not limit.is_used(0.51)


def test_no_limit_is_never_used():
    assert not TimeLimit(None).is_used(0.01)


def test_a_part_is_noted_once_and_saved():
    limit = TimeLimit(120.0, clock=lambda: 0.0)
    limit.leave_out("bursts")
    limit.leave_out("bursts")

    assert _time_use(limit) == {"taken_s": 0.0, "limit_s": 120.0, "left_out": ["bursts"]}
    assert _time_use(TimeLimit(None, clock=lambda: 0.0))["limit_s"] is None


def test_a_quick_run_has_a_limit_of_two_minutes():
    assert quick_plan(guestbook_workload()).limit_s == 120.0
