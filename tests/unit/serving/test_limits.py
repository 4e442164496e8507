import pytest

from django_runtimes.serving.http.limits import Limits


@pytest.mark.parametrize(
    ("descriptors", "connections", "bodies"),
    [(64, 16, 4), (256, 153, 38), (1024, 614, 128), (65_536, 10_000, 128), (2**20, 10_000, 128)],
)
def test_the_open_file_limit_bounds_connections_and_bodies(descriptors, connections, bodies):
    limits = Limits().for_descriptors(descriptors)

    assert (limits.connections, limits.bodies) == (connections, bodies)
    assert connections + bodies < descriptors


@pytest.mark.parametrize(("connections", "reserved"), [(4, 2), (16, 8), (153, 15), (614, 61), (10_000, 1_000)])
def test_some_connections_are_reserved_for_short_requests(connections, reserved):
    assert Limits(connections=connections).reserved == reserved
