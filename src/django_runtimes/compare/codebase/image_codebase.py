"""Runs the codebase in an image as containers with limits."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from django_runtimes.cli.processes import NICENESS
from django_runtimes.compare.codebase.codebase import CodebaseRecord
from django_runtimes.compare.codebase.environ import image_environ
from django_runtimes.compare.codebase.own_variables import OwnVariables
from django_runtimes.compare.containers.container_freezer import ContainerFreezer
from django_runtimes.compare.containers.containers import Containers
from django_runtimes.compare.containers.image_function import ImageFunction
from django_runtimes.compare.containers.image_server import ImageServer
from django_runtimes.compare.containers.probe import probe_image
from django_runtimes.compare.emulator.container_limits import LIMITS, ContainerLimits
from django_runtimes.compare.targets.container_target import ContainerTarget
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from django_runtimes.compare.targets.name import TargetName
from django_runtimes.compare.targets.target import Target
from django_runtimes.compare.workload.workload import Application
from django_runtimes.config.values.runtime import Runtime

# The image already holds its static files, in a read-only folder, so a workload's collectstatic writes to /tmp.
_STATIC_ROOT = {"WEBAPP_STATIC_ROOT": "/tmp/static"}  # noqa: S108 - in the container


class ImageCodebase:
    """The codebase in an image; its containers write their logs into the directory of `containers`.

    Creating it raises CompareError when the image does not start.
    """

    def __init__(self, containers: Containers, variables: OwnVariables) -> None:
        self._containers = containers
        self._variables = variables
        self._content = probe_image(containers)

    def environ(self, application: Application, *, database_url: str) -> dict[str, str]:
        """Return the variables that the application needs under every runtime; the image sets the paths itself."""
        return {**self._variables.environ(database_url), **image_environ(application, database_url=database_url)}

    def start_command(
        self, arguments: Sequence[str], environ: Mapping[str, str], *, log: Path
    ) -> subprocess.Popen[bytes]:
        """Start a management command of the application in the image."""
        return self._containers.start(arguments, {**environ, **_STATIC_ROOT}, limits=LIMITS[Runtime.LOCAL], log=log)

    def start_python(
        self, arguments: Sequence[str], environ: Mapping[str, str], *, log: Path
    ) -> subprocess.Popen[bytes]:
        """Start Python in the image."""
        return self._containers.start(arguments, environ, limits=LIMITS[Runtime.LOCAL], log=log, entrypoint="python")

    def target(self, name: TargetName, environ: Mapping[str, str]) -> Target:
        """Return a target that runs the image under one runtime, with that runtime's limits."""
        directory, limits = self._containers.directory, LIMITS[name.runtime]
        if name.memory_mb is not None:
            limits = ContainerLimits.of_lambda(name.memory_mb)
        if name.runtime is Runtime.AWS_LAMBDA:
            function = ImageFunction(
                name=name.label.replace("_", "-"),
                handler="django_runtimes.entrypoints.aws_lambda.handler",
                environ=environ,
                log_directory=directory / name.label,
                memory_mb=limits.memory_mb,
                containers=self._containers,
            )
            return LambdaTarget(function, freezer=ContainerFreezer(self._containers))
        server = ImageServer(self._containers, limits)
        return ContainerTarget(environ, log=directory / f"{name.label}.log", server=server)

    def record(self) -> CodebaseRecord:
        """Return the image, its packages and the engine that ran it."""
        image = self._containers.image
        before = f"has a higher priority (niceness {NICENESS} lower)"
        return CodebaseRecord(
            revision=image.revision,
            lock_file_sha256=None,
            limits="each container has its own, and all share the machine with the load generator, which "
            # docker's containers are children of its daemon, so they do not inherit the niceness.
            f"{before if image.engine.name == 'podman' else 'competes with them'}",
            python=self._content.python,
            packages=self._content.packages,
            image={
                "reference": image.reference,
                "id": image.id.removeprefix("sha256:"),
                "architecture": image.architecture,
                "size_mb": image.size_mb,
                "engine": f"{image.engine.name} {image.engine.version}",
                "container_start_ms": self._content.container_start_ms,
            },
        )
