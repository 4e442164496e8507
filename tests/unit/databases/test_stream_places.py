import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from psycopg_pool import PoolTimeout, TooManyRequests

from django_runtimes.databases.postgresql.connections.stream_places import StreamPlaces


def nothing() -> None:
    pass


def taken(places: StreamPlaces) -> int:
    count = 0
    while places.take() is not None:
        count += 1
    return count


@pytest.mark.parametrize(("connections", "places"), [(1, 1), (2, 1), (3, 1), (4, 1), (5, 2), (8, 3), (20, 9)])
def test_other_requests_keep_more_than_half_of_the_pool(connections, places):
    assert taken(StreamPlaces(connections)) == places


def test_a_place_is_released_once():
    places = StreamPlaces(8)
    first = places.take()
    assert taken(places) == 2

    first.leave()
    first.leave()

    assert taken(places) == 1


def test_a_stream_waits_for_the_next_place():
    places = StreamPlaces(2)
    place = places.take()

    with ThreadPoolExecutor() as executor:
        waiting = executor.submit(places.wait, 60.0, nothing)
        threading.Timer(0.05, place.leave).start()

        assert waiting.result(60.0) is not None


def test_unused_connections_are_taken_back_while_a_stream_waits():
    places = StreamPlaces(2)
    abandoned = places.take()

    assert places.wait(60.0, abandoned.leave) is not None


def test_the_error_after_the_wait_names_the_limit():
    places = StreamPlaces(8)
    taken(places)

    with pytest.raises(PoolTimeout, match=r"no connection in 0\.1 s: streams may keep 3 of the pool's connections"):
        places.wait(0.1, nothing)


def test_more_waiting_streams_are_refused_at_once():
    places = StreamPlaces(1)
    place = places.take()
    waiting = [threading.Event() for _ in range(4)]

    with ThreadPoolExecutor() as executor:
        # A stream that waits calls its function again and again.
        streams = [executor.submit(lambda waits: places.wait(60.0, waits.set).leave(), waits) for waits in waiting]
        assert all(waits.wait(60.0) for waits in waiting)
        with pytest.raises(TooManyRequests):
            places.wait(60.0, nothing)
        place.leave()
        for stream in streams:
            stream.result(60.0)

    assert taken(places) == 1
