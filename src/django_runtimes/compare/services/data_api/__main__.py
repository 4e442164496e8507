"""Serves the stand-in until SIGTERM: python -m django_runtimes.compare.services.data_api SETTINGS PORT."""

import asyncio
import signal
import socket
import sys
from pathlib import Path

from django_runtimes.compare.emulator.http_server import HttpServer
from django_runtimes.compare.services.data_api.data_api_front import DataApiFront
from django_runtimes.compare.services.data_api.data_api_service import DataApiService
from django_runtimes.compare.services.data_api.stand_in_settings import StandInSettings

_BACKLOG = 1024


async def serve(settings: StandInSettings, port: int) -> None:
    """Answer on this port of 127.0.0.1 until SIGTERM."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    service = DataApiService(settings)
    front = DataApiFront(settings, service)
    server = HttpServer(front.answer, socket.create_server(("127.0.0.1", port), backlog=_BACKLOG))
    await server.start()
    await stopped.wait()
    await server.close()
    await service.close()


if __name__ == "__main__":
    asyncio.run(serve(StandInSettings.read(Path(sys.argv[1])), int(sys.argv[2])))
