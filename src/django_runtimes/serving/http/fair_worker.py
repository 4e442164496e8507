"""A gunicorn worker with uvicorn inside which leaves the other workers their share of the connections."""

import asyncio
import sys
from dataclasses import replace
from typing import Any

from gunicorn.arbiter import Arbiter
from uvicorn_worker import UvicornWorker

from django_runtimes.serving.asgi.exits import run_through_exits
from django_runtimes.serving.http.fair_server import CLEAN_UP_S, FairServer
from django_runtimes.serving.http.limits import Limits, open_files
from django_runtimes.serving.http.protocol import LimitedHttpProtocol

# gunicorn's master takes these codes for an application that cannot start, and ends the container.
_MASTERS_ENDS = (Arbiter.WORKER_BOOT_ERROR, Arbiter.APP_LOAD_ERROR)


class FairUvicornWorker(UvicornWorker):  # type: ignore[misc]  # it has no types
    """uvicorn's worker, its listeners taking turns with those of the other workers."""

    # ForwardedHeaders has to see who really connects.
    CONFIG_KWARGS = {**UvicornWorker.CONFIG_KWARGS, "http": LimitedHttpProtocol, "proxy_headers": False}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._server: FairServer | None = None
        # The base class leaves uvicorn waiting for as long as a stream goes on. Draining takes its part of it.
        self.config.timeout_graceful_shutdown = max(1, self.cfg.graceful_timeout - CLEAN_UP_S)

    def run(self) -> None:
        """Serve until the worker is told to end. Once it serves, the exit of a request's task ends that task alone."""
        try:
            with asyncio.Runner(loop_factory=self.config.get_loop_factory()) as runner:
                loop = runner.get_loop()
                run_through_exits(loop, loop.create_task(self._serve()), may_go_on=self._has_started)
        except SystemExit as error:
            if self._has_started() and error.code in _MASTERS_ENDS:
                raise SystemExit(1) from error
            raise

    def _has_started(self) -> bool:
        return self._server is not None and self._server.started

    async def _serve(self) -> None:
        self.config.app = self.wsgi
        self._server = server = FairServer(self.config, self._limits(), master=self.ppid)
        self._install_sigquit_handler()
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)

    def _limits(self) -> Limits:
        """gunicorn's own settings, where 0 is without a limit but the whole head's."""
        default = Limits()
        line, field = self.cfg.limit_request_line, self.cfg.limit_request_field_size
        head = max(default.head, line + field)
        return replace(
            default,
            request_line=line or head,
            field=field or head,
            fields=self.cfg.limit_request_fields or default.head,
            head=head,
            idle_s=float(self.cfg.keepalive),
        ).for_descriptors(open_files())
