"""Starts Debian's docker-registry, the destination of pushed images."""

import json
import subprocess
import time
from pathlib import Path

from django_runtimes.cli import ports, processes

_START_TIMEOUT_S = 120.0
_PAUSE_S = 0.05
_PROGRAM = "docker-registry"


def start_registry(directory: Path, port: int) -> subprocess.Popen[bytes]:
    """Start a registry on 127.0.0.1 that stores its images in `directory` and accepts any login or none."""
    program = processes.find_program(_PROGRAM)
    if program is None:
        raise RuntimeError(f"{_PROGRAM} is not installed; install Debian's package of that name")
    configuration = {
        "version": 0.1,
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(directory / "registry")}, "delete": {"enabled": True}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    path, log = directory / "registry.json", directory / "registry.log"
    path.write_text(json.dumps(configuration))
    # A registry that was killed with the previous stand-in may not have exited yet.
    while ports.accepts_connections(port):
        time.sleep(_PAUSE_S)
    process = processes.spawn([program, "serve", str(path)], environ={"PATH": "/usr/bin:/bin"}, log=log)
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not ports.accepts_connections(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{_PROGRAM} did not start: {processes.cause(log)}")
        time.sleep(_PAUSE_S)
    return process
