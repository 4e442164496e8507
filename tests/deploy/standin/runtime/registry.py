"""Debian's docker-registry, where images are pushed to."""

import json
import subprocess
import time
from pathlib import Path

from django_runtimes.cli import ports, processes

_START_TIMEOUT_S = 20.0
_PAUSE_S = 0.05
_PROGRAM = "docker-registry"


def start_registry(directory: Path, port: int) -> subprocess.Popen[bytes]:
    """A registry on 127.0.0.1 whose images lie in `directory`; everybody may push, with any login or none."""
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
    # One that was killed with the stand-in before may not be quite dead.
    while ports.accepts_connections(port):
        time.sleep(_PAUSE_S)
    process = processes.spawn([program, "serve", str(path)], environ={"PATH": "/usr/bin:/bin"}, log=log)
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not ports.accepts_connections(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{_PROGRAM} does not start: {processes.cause(log)}")
        time.sleep(_PAUSE_S)
    return process
