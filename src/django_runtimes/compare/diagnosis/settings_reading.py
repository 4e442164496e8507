"""Reads Django's settings under a target's variables."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from django_runtimes.cli import processes
from django_runtimes.compare.codebase.codebase import Codebase

_TIMEOUT_S = 30.0
_MARK = "webapp-settings "
# Django's own filter hides secrets, as on its error pages. Keys of nested values become dotted names.
_SOURCE = f"""
import json, re
from django.views.debug import SafeExceptionReporterFilter
def flat(name, value):
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from flat(f"{{name}}.{{key}}", item)
    else:
        yield name, re.sub(" at 0x[0-9a-f]+", "", repr(value))
settings = SafeExceptionReporterFilter().get_safe_settings()
print({_MARK!r} + json.dumps(dict(pair for name in settings for pair in flat(name, settings[name]))))
"""


def read_settings(codebase: Codebase, environ: Mapping[str, str], *, log: Path) -> dict[str, str]:
    """Return the `repr()` of every setting by its dotted name; empty when the settings do not load."""
    process = codebase.start_command(
        ("shell", "--no-imports", "--command", _SOURCE),
        # A fixed seed gives sets the same order in every process.
        {**environ, "PYTHONHASHSEED": "0"},
        log=log,
    )
    try:
        process.wait(_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return {}
    finally:
        processes.stop(process)
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    marked = next((line for line in lines if line.startswith(_MARK)), None)
    settings: dict[str, str] = {} if marked is None else json.loads(marked.removeprefix(_MARK))
    return settings
