"""Containers of the image, restricted as a platform may restrict them, and removed with the tests."""

import contextlib
import os
import secrets
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from signal import SIGTERM, Signals

from django_runtimes.cli import ports, processes
from tests.image.podman import CACHE, ENVIRON, podman
from tests.secret_key import SECRET_KEY

_LABEL = "webapp.tests.owner"
# Far longer than any step takes on a busy machine.
_TIMEOUT_S = 120.0
_PORT_INSIDE = 8000

# Only /tmp is writable, and the container gets no privilege that the application does not need.
_LOCKED_UP = (
    "--read-only",
    "--read-only-tmpfs=false",
    "--tmpfs=/tmp:rw,size=16m,mode=1777",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
)


class Container:
    """A container that podman runs in the foreground; the podman process forwards signals and removes the container."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]", *, url: str, log: Path) -> None:
        self.name = name
        self.url = url
        self.log = log
        self._process = process

    @property
    def pid(self) -> int:
        """The process ID, on this machine, of the container's first process."""
        return int(podman("inspect", "--format", "{{.State.Pid}}", self.name))

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def logs(self) -> str:
        """Return the container's output and errors so far."""
        return self.log.read_text(errors="replace")

    def execute(self, *command: str) -> str:
        """Run a command in the container as the image's user, and return its output."""
        return podman("exec", self.name, *command)

    def wait_until_serving(self, path: str = "/healthz") -> None:
        """Wait until the path answers 200; raise RuntimeError with the log after a while, or if the container ends."""
        deadline = time.monotonic() + _TIMEOUT_S
        while not _answers(self.url + path):
            if not self.is_running or time.monotonic() > deadline:
                raise RuntimeError(f"{path} does not answer: {self.logs()[-2000:]}")
            time.sleep(0.02)

    def wait_for_log(self, text: str) -> None:
        """Wait until the log contains a text: the container engine writes it with a delay."""
        deadline = time.monotonic() + _TIMEOUT_S
        while text not in self.logs():
            assert time.monotonic() < deadline, self.logs()
            time.sleep(0.02)

    def signal(self, number: Signals) -> None:
        """Send a signal to the container's first process."""
        podman("kill", "--signal", number.name, self.name)

    def wait(self, timeout_s: float = _TIMEOUT_S) -> int:
        """Wait until the container exits; return its exit code, or raise subprocess.TimeoutExpired."""
        return self._process.wait(timeout_s)

    def stop(self, grace_s: int = 30) -> int:
        """Send SIGTERM, and SIGKILL after the grace period; return its exit code."""
        podman("stop", "--time", str(grace_s), self.name)
        return self.wait()

    def remove(self) -> None:
        """Kill the container if it still runs."""
        with contextlib.suppress(RuntimeError):
            podman("rm", "--force", "--time", "0", self.name)
        processes.stop(self._process)


@contextmanager
def run_container(
    image: str,
    environ: Mapping[str, str],
    *,
    log: Path,
    arguments: Sequence[str] = (),
    network: str = "host",
    memory: str = "512m",
    pids_limit: int = 128,
    cpus: float | None = None,
    options: Sequence[str] = (),
) -> Iterator[Container]:
    """Start a container, and kill it at the end of the block; `arguments` follow the image's entry point.

    `network` is host (it serves at 127.0.0.1, and can reach servers there), bridge (its port is published at 127.0.0.1)
    or none. `options` are further options of `podman run`. Enter this context in the main thread, because podman, and
    with it the container, ends with the thread that started it.
    """
    name = f"webapp-test-{secrets.token_hex(6)}"
    port = ports.free_port()
    variables = {**environ}
    published: tuple[str, ...] = ()
    if network == "host":
        variables |= {"PORT": str(port), "WEBAPP_BIND_HOST": "127.0.0.1"}
    elif network == "bridge":
        published = (f"--publish=127.0.0.1:{port}:{_PORT_INSIDE}",)
    process = processes.spawn(
        [
            *("podman", "run", "--rm", "--name", name, "--label", f"{_LABEL}={os.getpid()}", "--pull=never"),
            *_LOCKED_UP,
            *(f"--network={network}", f"--memory={memory}", f"--pids-limit={pids_limit}", *published),
            *(() if cpus is None else (f"--cpus={cpus}",)),
            *(f"--env={name}={value}" for name, value in variables.items()),
            *options,
            image,
            *arguments,
        ],
        environ=ENVIRON,
        log=log,
        directory=CACHE,
        death_signal=SIGTERM,
    )
    container = Container(name, process, url=f"http://127.0.0.1:{port}", log=log)
    try:
        yield container
    finally:
        container.remove()


def container_environ(database_url: str, runtime: str = "aws_ecs") -> dict[str, str]:
    """Return the variables of a deployed container, with one worker and no drain time."""
    return {
        "WEBAPP_RUNTIME": runtime,
        "WEBAPP_SECRET_KEY": SECRET_KEY,
        "WEBAPP_ALLOWED_HOSTS": "guestbook.example",
        "WEBAPP_DRAIN_S": "0",
        "WEBAPP_WORKERS": "1",
        "DATABASE_URL": database_url,
    }


def remove_stale_containers() -> None:
    """Remove the containers of test sessions that were killed."""
    names_and_owners = f'{{{{.Names}}}} {{{{index .Labels "{_LABEL}"}}}}'
    listed = podman("ps", "--all", "--filter", f"label={_LABEL}", "--format", names_and_owners)
    for line in listed.splitlines():
        name, owner = line.split()
        if not Path("/proc", owner).exists():
            podman("rm", "--force", "--time", "0", name)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False
