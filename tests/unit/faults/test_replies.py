"""Replies counted as served during an outage, or as cut off by it."""

from tests.faults.figures.replies import Reply, served, was_cut_off


def reply(*, due_s: float, ended_s: float, status: int = 200) -> Reply:
    return Reply("read", None, due_s, ended_s, status)


def test_a_request_served_in_an_outage_begins_and_ends_in_it():
    replies = [
        reply(due_s=1.0, ended_s=1.1),
        # This response may have been on its way.
        reply(due_s=1.5, ended_s=2.5),
        reply(due_s=2.1, ended_s=2.2),
        reply(due_s=2.5, ended_s=2.6, status=503),
        reply(due_s=2.6, ended_s=3.1),
    ]

    assert served(replies, 2.0, 3.0) == 1


def test_a_request_in_progress_was_cut_off():
    assert was_cut_off(reply(due_s=1.0, ended_s=2.1, status=503), 2.0, 2.05)


def test_a_later_request_was_not_cut_off():
    assert not was_cut_off(reply(due_s=2.1, ended_s=2.2, status=503), 2.0, 2.05)


def test_a_request_that_failed_much_later_was_not_cut_off():
    late = reply(due_s=1.0, ended_s=7.0, status=503)

    assert not was_cut_off(late, 2.0, 2.05)
    assert was_cut_off(late, 2.0, 2.05, within_s=55.0)
