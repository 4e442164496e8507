"""A gunicorn worker that runs uvicorn and leaves other workers their share of new connections."""

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

# gunicorn's master interprets these exit codes as an application that cannot start, and stops the container.
_FATAL_EXIT_CODES = (Arbiter.WORKER_BOOT_ERROR, Arbiter.APP_LOAD_ERROR)


class FairUvicornWorker(UvicornWorker):  # type: ignore[misc]  # it has no types
    """uvicorn's worker, whose listeners take turns with those of other workers."""

    # ForwardedHeaders must see the peer's real address.
    CONFIG_KWARGS = {**UvicornWorker.CONFIG_KWARGS, "http": LimitedHttpProtocol, "proxy_headers": False}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._server: FairServer | None = None
        # With the base class, uvicorn waits for streams without a limit. Draining is part of this time.
        self.config.timeout_graceful_shutdown = max(1, self.cfg.graceful_timeout - CLEAN_UP_S)

    def run(self) -> None:
        """Serve until a signal stops the worker; once it serves, SystemExit in a request's task ends only that task."""
        try:
            with asyncio.Runner(loop_factory=self.config.get_loop_factory()) as runner:
                loop = runner.get_loop()
                run_through_exits(loop, loop.create_task(self._serve()), may_go_on=self._has_started)
        except SystemExit as error:
            if self._has_started() and error.code in _FATAL_EXIT_CODES:
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
        """Return gunicorn's settings as limits; for a setting of 0, only the limit on the whole head applies."""
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
