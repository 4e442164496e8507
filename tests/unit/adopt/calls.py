"""Calls `configure()` as a settings module does."""

from typing import Any


def run_call(settings: dict[str, Any], call: str = "configure(globals())") -> Any:
    """Run `call` at the end of a module with these settings, and return its result."""
    try:
        exec(compile(f"from django_runtimes import configure\nadopted = {call}\n", "settings.py", "exec"), settings)
        return settings.pop("adopted")
    finally:
        del settings["configure"], settings["__builtins__"]
