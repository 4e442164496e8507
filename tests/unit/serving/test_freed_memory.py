"""Memory is returned to the system after many connections have ended, and not after a few."""

import pytest

from django_runtimes.serving.http.budgets.freed_memory import FreedMemory

pytestmark = pytest.mark.profile_free


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([10, 5, *[0] * 20], 0),
        ([400, 400, *[380] * 20], 0),
        ([400, *[0] * 4], 0),
        ([400, *[0] * 5], 1),
        ([400, *[0] * 60], 3),
        ([400, 300, 200, *[199] * 60], 3),
        ([400, *[0] * 5, 400, *[0] * 60], 4),
        ([20, 10, 31, *[0] * 20], 0),
    ],
)
def test_memory_is_returned_after_many_connections_have_ended(counts, expected):
    calls = []
    freed = FreedMemory(lambda pad: calls.append(pad) or 1)

    for count in counts:
        freed.note(count)

    assert len(calls) == expected


def test_the_machines_c_library_can_be_called():
    freed = FreedMemory()

    freed.note(400)
    for _ in range(20):
        freed.note(0)
