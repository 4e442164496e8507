"""Reports of errors, in the form that the Runtime API and X-Ray read."""

import json
import os
import traceback
from types import TracebackType
from typing import Any, NamedTuple, Self

# X-Ray's cause travels in a header, which the Runtime API limits.
_MAX_CAUSE_BYTES = 2**20
_LINE_INDENT = "\N{NO-BREAK SPACE}"


class ErrorReport(NamedTuple):
    """An error with its traceback, as awslambdaric reports it."""

    error_type: str
    message: str
    stack: traceback.StackSummary
    # The lines of a syntax error, which has no traceback of its own.
    lines: tuple[str, ...] = ()

    @classmethod
    def of(cls, error: BaseException, *, skipped_frames: int = 1) -> Self:
        """Return the report of an error without its first frames, which are the loop's own."""
        trace: TracebackType | None = error.__traceback__
        for _ in range(skipped_frames):
            trace = trace and trace.tb_next
        return cls(type(error).__name__, str(error), traceback.extract_tb(trace))

    @classmethod
    def of_fault(cls, fault: Any) -> Self:
        """Return the report of awslambdaric's FaultException, which has a type and a message of its own."""
        return cls(fault.exception_type, fault.msg, traceback.StackSummary(), tuple(fault.trace or ()))

    def fields(self, request_id: str = "") -> dict[str, Any]:
        """Return the fields of the Runtime API's error request."""
        return {
            "errorMessage": self.message,
            "errorType": self.error_type,
            "requestId": request_id,
            "stackTrace": list(self.lines) or self.stack.format(),
        }

    def xray_cause(self) -> str:
        """Return the cause for X-Ray in JSON; empty if it is too long for a header."""
        frames = [{"label": frame.name, "path": frame.filename, "line": frame.lineno} for frame in self.stack]
        cause = json.dumps(
            {
                "working_directory": os.getcwd(),  # noqa: PTH109  (a string)
                "exceptions": [{"message": self.message, "type": self.error_type, "stack": frames}],
                "paths": sorted({frame.filename for frame in self.stack}),
            }
        )
        return cause if len(cause) < _MAX_CAUSE_BYTES else ""

    def log_lines(self) -> list[str]:
        """Return the lines of the text log; indentation is of no-break spaces, so that CloudWatch keeps it."""
        described = f" {self.error_type}" if self.error_type else ""
        if self.message:
            described += f"{':' if described else ''} {self.message}"
        lines = [f"[ERROR]{described}", "Traceback (most recent call last):"]
        for entry in self.fields()["stackTrace"]:
            lines += [_with_fixed_indent(line) for line in entry.splitlines()]
        return lines


def _with_fixed_indent(line: str) -> str:
    text = line.lstrip(" ")
    return _LINE_INDENT * (len(line) - len(text)) + text
