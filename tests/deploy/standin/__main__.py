"""Runs the stand-in in its own process: `python -m tests.deploy.standin DIRECTORY`."""

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
from pathlib import Path

from django_runtimes.cli import processes
from tests.deploy.standin.cloudformation import execution
from tests.deploy.standin.faults import Faults
from tests.deploy.standin.moto_server import MotoServer
from tests.deploy.standin.runtime import log_files
from tests.deploy.standin.runtime.containers import Containers
from tests.deploy.standin.runtime.front import Front
from tests.deploy.standin.runtime.functions import Functions
from tests.deploy.standin.runtime.registry import start_registry
from tests.deploy.standin.runtime.variables import Variables
from tests.deploy.standin.server import Endpoint
from tests.deploy.standin.state import State
from tests.deploy.standin.world import World


async def serve(directory: Path) -> None:
    """Serve until SIGTERM, starting from the state that an earlier process left in the directory."""
    # A test may stop the stand-in as soon as it answers.
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    configuration = json.loads((directory / "configuration.json").read_text())
    ports = configuration["ports"]
    state = State(directory / "state.sqlite")
    variables = Variables(directory, configuration["overlay"], f"http://127.0.0.1:{ports['endpoint']}")
    world = World(
        directory,
        configuration,
        state,
        Faults(state),
        MotoServer(state, directory, configuration["moto"]),
        Functions(state, directory, variables),
        Containers(state, directory, variables),
    )
    registry: subprocess.Popen[bytes] | None = None
    if configuration["registry"]:
        registry = start_registry(directory, ports["registry"])
    front, endpoint = Front(world), Endpoint(world)
    await front.start(ports["proxy"])
    await world.containers.restore()
    execution.resume_all(world)
    reading = asyncio.create_task(log_files.keep_reading(state))
    await endpoint.start(ports["endpoint"])
    await ended.wait()
    await endpoint.close()
    await execution.cancel_all()
    reading.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await reading
    await front.close()
    await world.functions.close()
    world.containers.close()
    await world.moto.close()
    if registry is not None:
        processes.stop(registry)
    state.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
