"""The race between a proxy that reuses an idle connection and a server that closes it."""

import pytest

from tests.faults.figures.trials import Trial
from tests.image.containers import container_environ, run_container
from tests.image.faults.parts.idle_connections import IdleConnections
from tests.image.faults.parts.serving import APPLICATION, MOUNT

_REQUESTS = 10_000
_SHORT_KEEP_ALIVE_S = 2
_LAUNCH_WITH_SHORT_KEEP_ALIVE = (
    f"from django_runtimes.entrypoints import launch; launch._KEEP_ALIVE_S = {_SHORT_KEEP_ALIVE_S}; launch.main([])"
)


@pytest.mark.fault(27, "keep-alive race", "aws_ecs", repetitions=1)
def test_no_connection_is_closed_while_a_proxy_may_use_it(
    trial: Trial, image, database_url, idle_connections: IdleConnections, log
) -> None:
    least = {"requests": _REQUESTS, "used_after_60_s": 1_000, "kept_s": 65.0, "resets_with_short_keep_alive": 1}
    with trial.judged(least=least, resets=0):
        trial.note(resets_with_short_keep_alive=_resets_with_short_keep_alive(image, database_url, log))
        idle_connections.join(600)
        assert not idle_connections.is_alive()
        trial.note(
            requests=idle_connections.requests,
            resets=idle_connections.resets,
            used_after_60_s=idle_connections.used_after_longest,
            kept_s=idle_connections.kept_s,
        )


def _resets_with_short_keep_alive(image: str, database_url: str, log) -> int:
    """Return the resets that the same client gets from a server whose keep-alive is too short."""
    with run_container(
        image,
        {**container_environ(database_url), **APPLICATION},
        log=log,
        options=(MOUNT, "--entrypoint=python"),
        arguments=["-c", _LAUNCH_WITH_SHORT_KEEP_ALIVE],
    ) as container:
        container.wait_until_serving("/readyz")
        # The server checks once a second for connections that have been idle too long.
        connections = IdleConnections(container.url, count=100, longest_s=_SHORT_KEEP_ALIVE_S + 2)
        connections.start()
        connections.join(300)
    return connections.resets
