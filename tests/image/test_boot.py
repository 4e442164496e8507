"""The image as a container."""

from tests.image.containers import container_environ, run_container


def test_it_serves(image, database_url, log):
    with run_container(image, container_environ(database_url), log=log) as container:
        container.wait_until_serving("/readyz")
        assert container.stop() == 0, container.logs()
