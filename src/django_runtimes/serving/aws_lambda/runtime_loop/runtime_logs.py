"""Where the loop and the root logger write: standard output, or the pipe on which Lambda reads framed messages."""

import json
import logging
import os
import sys
import time
from typing import Any, BinaryIO, TextIO

from django_runtimes.serving.aws_lambda.runtime_loop.error_report import ErrorReport

_TEXT_FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
_PIPE = "_LAMBDA_TELEMETRY_LOG_FD"


class RuntimeLogs:
    """The log of an execution environment, in the format of AWS_LAMBDA_LOG_FORMAT.

    `request_id` and `tenant_id` belong to the current invocation. Creating it takes Lambda's pipe from the environment.
    """

    def __init__(self) -> None:
        self.request_id = ""
        self.tenant_id: str | None = None
        self.is_json = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
        self._pipe: BinaryIO | None = None
        if (descriptor := os.environ.pop(_PIPE, None)) is not None:
            self._pipe = os.fdopen(int(descriptor), "wb", 0)

    def set_up(self) -> None:
        """Flush both standard streams after each write, and give the root logger a handler if it has none.

        A second handler beside the settings' own would write each line twice.
        """
        sys.stdout, sys.stderr = _flushed(sys.stdout), _flushed(sys.stderr)
        logging.Formatter.converter = time.gmtime
        root = logging.getLogger()
        if root.handlers:
            return
        level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
        level = "DEBUG" if level == "TRACE" else level
        if level in logging.getLevelNamesMapping():
            root.setLevel(level)
        root.addHandler(_RootHandler(self, is_framed=self.is_json or bool(level)))

    def log(self, message: str, frame_type: bytes | None = None) -> None:
        """Write one message; `frame_type` tells Lambda its format and level."""
        if self._pipe is None:
            sys.stdout.write(message)
            return
        from awslambdaric.lambda_runtime_log_utils import _DEFAULT_FRAME_TYPE

        encoded = message.encode(errors="surrogatepass")
        head = len(encoded).to_bytes(4, "big") + (time.time_ns() // 1_000).to_bytes(8, "big")
        self._pipe.write((frame_type or _DEFAULT_FRAME_TYPE) + head + encoded)

    def log_error(self, lines: list[str]) -> None:
        """Write lines as one message; this is awslambdaric's interface too."""
        if self._pipe is None:
            sys.stdout.write("\r".join(lines) + "\n")
            return
        from awslambdaric.lambda_runtime_log_utils import _JSON_FRAME_TYPES, _TEXT_FRAME_TYPES

        types = _JSON_FRAME_TYPES if self.is_json else _TEXT_FRAME_TYPES
        self.log("\n".join(lines), types[logging.ERROR])

    def log_report(self, report: ErrorReport) -> None:
        """Write an error that the loop reports to Lambda."""
        if not self.is_json:
            self.log_error(report.log_lines())
            return
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.log_error([json.dumps({"timestamp": moment, "level": "ERROR", **report.fields(self.request_id)})])


class _RootHandler(logging.Handler):
    """Writes records as awslambdaric does."""

    def __init__(self, logs: RuntimeLogs, *, is_framed: bool) -> None:
        super().__init__()
        from awslambdaric import lambda_runtime_log_utils

        self.log_sink = logs
        self._formats: Any = lambda_runtime_log_utils
        self._is_framed = is_framed
        text = logging.Formatter(_TEXT_FORMAT, "%Y-%m-%dT%H:%M:%S")
        self.setFormatter(self._formats.JsonFormatter() if logs.is_json else text)

    def emit(self, record: logging.LogRecord) -> None:
        record.aws_request_id = self.log_sink.request_id
        record.tenant_id = self.log_sink.tenant_id
        try:
            message = self.format(record)
            self.log_sink.log(message, self._frame_type(record) if self._is_framed else None)
        except Exception:
            self.handleError(record)

    def _frame_type(self, record: logging.LogRecord) -> bytes | None:
        own: bytes | None = getattr(record, "_frame_type", None)
        level = self._formats._format_log_level(record)
        return own or self._formats._TEXT_FRAME_TYPES.get(level)


def _flushed(stream: TextIO) -> Any:
    return stream if isinstance(stream, FlushedStream) else FlushedStream(stream)


class FlushedStream:
    """A text stream that is flushed after each write, since Lambda may freeze the process at any time."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        written = self._stream.write(text)
        self._stream.flush()
        return written

    def writelines(self, lines: list[str]) -> None:
        self._stream.writelines(lines)
        self._stream.flush()
