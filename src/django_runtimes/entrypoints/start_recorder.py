"""Records when the phases of a process's start end, for WEBAPP_START_PHASES, and logs them after the first request."""

import os
import time
from collections.abc import Callable
from typing import Any

from django_runtimes.entrypoints.process_age import process_age_s
from django_runtimes.first_line import FIRST_LINE_S

# docs/cold-starts.md describes the line, which webapp compare reads.
_PREFIX = "webapp: start "
_STDERR = 2


class StartRecorder:
    """The moments of this process's start, in seconds of CLOCK_MONOTONIC, which all processes of a machine share.

    gunicorn's workers inherit the moments of their master, and add their own. The hooks remove themselves once they
    have measured, so that later requests cost the same as without them.
    """

    def __init__(self) -> None:
        self._moments = {"first_line": FIRST_LINE_S}
        if (age_s := process_age_s()) is not None:
            self._moments["process_started"] = time.monotonic() - age_s

    def mark(self, name: str) -> None:
        """Record that something happens now, unless it has happened before."""
        self._moments.setdefault(name, time.monotonic())

    def watch_forks(self) -> None:
        """Record in each child process, such as a worker of gunicorn, when it was forked."""
        os.register_at_fork(after_in_child=lambda: self.mark("forked"))

    def report_first_request(self) -> None:
        """Time the first use of the database, and log all moments at the end of the first request."""
        from django.core.signals import request_finished

        _time_first_connection(self._moments)

        def report(**kwargs: Any) -> None:
            if request_finished.disconnect(report):
                self._write()

        request_finished.connect(report, weak=False)

    def _write(self) -> None:
        # Django has imported this long ago; above, the import would take 2 ms of the start.
        import json

        values = {"pid": os.getpid(), **{name: round(moment_s, 6) for name, moment_s in self._moments.items()}}
        # In one call, so that lines of several processes do not mix. Logging may be off, or in another format.
        os.write(_STDERR, f"{_PREFIX}{json.dumps(values)}\n".encode())


def _time_first_connection(moments: dict[str, float]) -> None:
    """Record the begin and the end of the first successful connection, and of its first query."""
    from django.db.backends.base.base import BaseDatabaseWrapper

    wrapper_class: Any = BaseDatabaseWrapper
    djangos_connect = wrapper_class.connect

    def connect(connection: Any) -> None:
        begins_s = time.monotonic()
        djangos_connect(connection)
        ends_s = time.monotonic()
        if wrapper_class.connect is connect:
            wrapper_class.connect = djangos_connect
            moments["connect_begins"], moments["connect_ends"] = begins_s, ends_s
            # An application's execute_wrapper() block removes the last wrapper, which must be its own.
            connection.execute_wrappers.insert(0, execute)

    def execute(call: Callable[..., Any], sql: Any, params: Any, many: object, context: dict[str, Any]) -> Any:
        context["connection"].execute_wrappers.remove(execute)
        moments["query_begins"] = time.monotonic()
        try:
            return call(sql, params, many, context)
        finally:
            moments["query_ends"] = time.monotonic()

    wrapper_class.connect = connect


RECORDER = StartRecorder()
