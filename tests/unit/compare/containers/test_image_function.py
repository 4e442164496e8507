from pathlib import Path

from django_runtimes.cli.container_engine import ContainerEngine
from django_runtimes.compare.containers.containers import Containers
from django_runtimes.compare.containers.image import MeasuredImage
from django_runtimes.compare.containers.image_function import ImageFunction

IMAGE = MeasuredImage(
    ContainerEngine("podman", "/usr/bin/podman", "4.3.1"), "webapp", "b20c", "amd64", size_mb=298, revision=None
)


def function(**configuration: object) -> ImageFunction:
    containers = Containers(IMAGE, Path("workspace"))
    return ImageFunction(
        "guestbook", "app.handler", {"DATABASE_URL": "postgresql://db/guestbook"}, Path("logs"),
        containers=containers, **configuration,
    )  # fmt: skip


def test_an_image_keeps_its_own_path_and_has_no_execution_env():
    environ = function().process_environ(runtime_api="127.0.0.1:9001", log_stream="2026/11/23/[$LATEST]abc")

    assert environ["AWS_LAMBDA_RUNTIME_API"] == "127.0.0.1:9001"
    assert environ["DATABASE_URL"] == "postgresql://db/guestbook"
    assert environ["LAMBDA_TASK_ROOT"] == "/var/task"
    assert not {"PATH", "AWS_EXECUTION_ENV"} & set(environ)


def test_the_details_include_the_limits():
    assert function(memory_mb=1_769, timeout_s=3.0).details == {
        "concurrency limit": "50",
        "timeout_s": "3",
        "limits": "1 CPU and 1,769 MB",
    }
