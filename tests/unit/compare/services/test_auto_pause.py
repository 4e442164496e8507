"""When the database of the Data API's stand-in pauses and resumes."""

import pytest

from django_runtimes.compare.services.data_api.auto_pause import AutoPause
from django_runtimes.compare.services.data_api.data_api_error import DataApiError


class Database:
    """A database that pauses after 300 s, and resumes in 15 s, at a time of the test's own."""

    def __init__(self, pause_after_s: float | None = 300.0) -> None:
        self.now_s = 0.0
        self._pause = AutoPause(pause_after_s=pause_after_s, resume_s=15.0, clock=lambda: self.now_s)

    def answers(self, at_s: float, *, is_in_use: bool = False) -> bool:
        self.now_s = at_s
        try:
            self._pause.check(is_in_use=is_in_use)
        except DataApiError as error:
            return error.name != "DatabaseResumingException"
        return True


def test_a_database_that_is_called_stays_awake():
    database = Database()

    assert [database.answers(at_s) for at_s in (0.0, 299.0, 598.0)] == [True, True, True]


def test_a_call_after_the_rest_resumes_the_database():
    database = Database()

    assert [database.answers(at_s) for at_s in (300.0, 301.0, 314.9, 315.0, 600.0)] == [
        False,
        False,
        False,
        True,
        True,
    ]


def test_the_rest_begins_again_after_the_resumption():
    database = Database()

    assert [database.answers(at_s) for at_s in (300.0, 315.0, 614.0, 915.0)] == [False, True, True, False]


def test_an_open_transaction_keeps_the_database_awake():
    assert Database().answers(1_000.0, is_in_use=True)


@pytest.mark.parametrize("at_s", [0.0, 1e6])
def test_without_a_limit_the_database_never_pauses(at_s):
    assert Database(pause_after_s=None).answers(at_s)
