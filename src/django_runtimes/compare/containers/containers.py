"""Starts containers of one image, none of which outlives this process."""

import contextlib
import os
import secrets
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from django_runtimes.cli import processes
from django_runtimes.cli.container_engine import ContainerEngine
from django_runtimes.compare.containers.container_processes import first_processes
from django_runtimes.compare.containers.image import MeasuredImage
from django_runtimes.compare.emulator.container_limits import ContainerLimits
from django_runtimes.config.variables.application_variables import POOL_WAITS_DIRECTORY

_OWNER_LABEL = "django_runtimes.compare.owner"
_REMOVAL_S = 60.0
_WAITS_DIRECTORY = "/mnt/pool-waits"

# These are the restrictions of the strictest runtime, Lambda, where only /tmp is writable.
_RESTRICTIONS = (
    "--read-only",
    "--tmpfs=/tmp:rw,size=512m,mode=1777",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--pids-limit=1024",
)

# Standard input closes when the owner ends, however it ends. The script looks for containers several times, since
# clients of the engine may still be starting some.
_REMOVE_AFTER_OWNER = """
read -r _
for _ in 1 2 3 4 5; do
    ids=$("$1" ps --all --quiet --filter "label=$2")
    [ -n "$ids" ] || exit 0
    "$1" kill $ids
    "$1" rm --force $ids
done
"""


class Containers:
    """Starts containers on the host's network, each attached to a client process of the engine.

    Containers that still run are killed at the end of the `with` block, and when this process ends, even by SIGKILL.
    Enter it in the main thread: the kernel kills the clients when the thread that started them ends.
    """

    def __init__(self, image: MeasuredImage, directory: Path) -> None:
        """Write the containers' ids into `directory`, which is also the clients' working directory."""
        self.image = image
        self.directory = directory
        self._owner = f"{os.getpid()}-{processes.start_ticks(os.getpid())}"
        self._id_files: dict[int, Path] = {}
        self._killers: list[subprocess.Popen[bytes]] = []
        self._remover: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        _remove_stale(self.image.engine)
        self._remover = subprocess.Popen(
            ["/bin/sh", "-c", _REMOVE_AFTER_OWNER, "sh", self.image.engine.program, f"{_OWNER_LABEL}={self._owner}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for killer in self._killers:
            killer.wait()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._remover.communicate(timeout=_REMOVAL_S)

    def start(
        self,
        arguments: Sequence[str],
        environ: Mapping[str, str],
        *,
        limits: ContainerLimits,
        log: Path,
        entrypoint: str | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a container and return its client, which forwards signals and exits with the container's exit code.

        `arguments` follow the image's entry point, or `entrypoint`. The directory of the waits for a pool is mounted.
        """
        mounts: tuple[str, ...] = ()
        if waits := environ.get(POOL_WAITS_DIRECTORY.name):
            # With SELinux, a container may only use directories with its label.
            mounts = (f"--volume={waits}:{_WAITS_DIRECTORY}:rw,z",)
            environ = {**environ, POOL_WAITS_DIRECTORY.name: _WAITS_DIRECTORY}
        id_file = self.directory / f"{secrets.token_hex(8)}.cid"
        process = processes.spawn(
            [
                *(self.image.engine.program, "run", "--rm", "--pull=never", f"--cidfile={id_file}"),
                *(f"--label={_OWNER_LABEL}={self._owner}", "--network=host", *_RESTRICTIONS, *mounts),
                *(f"--cpus={limits.cpus:g}", f"--memory={limits.memory_mb}m"),
                # The values are not in the command line, since every user can read it.
                *(f"--env={name}" for name in environ),
                *(() if entrypoint is None else (f"--entrypoint={entrypoint}",)),
                self.image.id,
                *arguments,
            ],
            environ={**os.environ, **environ},
            log=log,
            directory=self.directory,
        )
        self._id_files[process.pid] = id_file
        return process

    def id_of(self, pid: int) -> str | None:
        """Return the id of this client's container; None when it does not exist yet."""
        with contextlib.suppress(KeyError, OSError):
            return self._id_files[pid].read_text().strip() or None
        return None

    def process_ids(self, pids: Iterable[int]) -> tuple[int, ...]:
        """Return the first process of each of these clients' containers, without those that this machine cannot see."""
        return first_processes({identifier for pid in pids if (identifier := self.id_of(pid)) is not None})

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """Send SIGTERM to the container, and SIGKILL after 5 s."""
        processes.stop(process)
        if process.returncode < 0:
            # The client was killed, so its container still runs.
            self._kill_container(process.pid)
        self.forget(process.pid)

    def kill(self, pid: int) -> None:
        """Kill a client that has not been reaped, and let the engine kill its container.

        This returns before the container is dead. A container that the client was still creating is killed at the end
        of the `with` block.
        """
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        self._kill_container(pid)

    def forget(self, pid: int) -> None:
        """Forget a client that has ended."""
        if id_file := self._id_files.pop(pid, None):
            id_file.unlink(missing_ok=True)

    def _kill_container(self, pid: int) -> None:
        identifier = self.id_of(pid)
        if identifier is None:
            return
        self._killers = [killer for killer in self._killers if killer.poll() is None]
        self._killers.append(
            subprocess.Popen(
                [self.image.engine.program, "kill", identifier],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
            )
        )


def _remove_stale(engine: ContainerEngine) -> None:
    """Remove the containers of owners that were killed together with their remover."""
    for identifier in engine.run("ps", "--all", "--quiet", "--filter", f"label={_OWNER_LABEL}").stdout.split():
        labelled = engine.run("inspect", "--format", f'{{{{index .Config.Labels "{_OWNER_LABEL}"}}}}', identifier)
        pid, _, started = labelled.stdout.strip().partition("-")
        if pid.isdigit() and processes.start_ticks(int(pid)) != started:
            engine.run("kill", identifier)
            engine.run("rm", "--force", identifier)
