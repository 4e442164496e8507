"""Validates the names of the project's own variables, which the tools pass on."""

import re

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LIBRARY_PREFIX = "WEBAPP_"
# Variables that determine a process's Python, code, settings and database. In libpq the last four override a URL.
_SET_BY_TOOLS = frozenset(
    {
        "DATABASE_URL",
        "DJANGO_SETTINGS_MODULE",
        "GUNICORN_CMD_ARGS",
        "LANG",
        "LD_LIBRARY_PATH",
        "LD_PRELOAD",
        "PATH",
        "PORT",
        "PYTHONHOME",
        "PYTHONPATH",
        "VIRTUAL_ENV",
        "PGHOSTADDR",
        "PGOPTIONS",
        "PGSERVICE",
        "PGSERVICEFILE",
    }
)
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
_RESERVED_BY_LAMBDA = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
_LAMBDA_PREFIX = "AWS_LAMBDA_"


def complaint_about(name: str) -> str | None:
    """Return why the tools cannot pass on a variable with this name, with the remedy, or None if they can."""
    if not _NAME.fullmatch(name):
        return "is not a variable's name; write it with letters, digits and _, without its value"
    if name.startswith(_LIBRARY_PREFIX):
        return "is the library's, not the project's own, and the tools set it for each runtime; remove it"
    if name in _SET_BY_TOOLS:
        return "is set by the tools themselves; remove it"
    if name in _RESERVED_BY_LAMBDA or name.startswith(_LAMBDA_PREFIX):
        return "is reserved by AWS Lambda, where no function can set it; remove it"
    return None
