"""Turns the lines of the processes' log files into CloudWatch Logs events."""

import asyncio
from pathlib import Path
from typing import Any

from tests.deploy.standin.state import State
from tests.deploy.standin.world import now

_GROUP, _SOURCE, _OFFSET = "log group", "log source", "log offset"
_PAUSE_S = 0.25


def put_group(state: State, region: str, group: str, retention_days: int | None) -> None:
    known = state.get(_GROUP, f"{region}/{group}") or {"name": group, "created": now()}
    state.put(_GROUP, f"{region}/{group}", {**known, "retention_days": retention_days})


def group(state: State, region: str, name: str) -> dict[str, Any] | None:
    return state.get(_GROUP, f"{region}/{name}")


def groups(state: State, region: str, prefix: str) -> list[dict[str, Any]]:
    return state.all(_GROUP, f"{region}/{prefix}")


def delete_group(state: State, region: str, name: str) -> None:
    state.delete(_GROUP, f"{region}/{name}")


def add_source(state: State, region: str, name: str, path: Path, stream: str) -> None:
    """Read a file, or all files of a directory, into the log group; `stream` is the stream's name or prefix."""
    state.put(_SOURCE, str(path), {"region": region, "group": name, "path": str(path), "stream": stream})


def put_event(state: State, region: str, name: str, stream: str, message: str, time_ms: int) -> None:
    event = {"stream": stream, "message": message, "time_ms": time_ms}
    state.append(f"log {region}/{name}", event)


def events(state: State, region: str, name: str) -> list[dict[str, Any]]:
    """Return the events of a log group, oldest first."""
    read_files(state)
    return state.entries(f"log {region}/{name}")


def read_files(state: State) -> None:
    """Store the complete lines that were written since the last call."""
    for source in state.all(_SOURCE):
        path = Path(source["path"])
        if path.is_dir():
            for file in sorted(path.glob("*.log")):
                _read(state, source, file, f"{source['stream']}{file.stem}")
        elif path.exists():
            _read(state, source, path, source["stream"])


async def keep_reading(state: State) -> None:
    """Read the files continuously, so that the time of an event is close to the time of its line."""
    while True:
        read_files(state)
        await asyncio.sleep(_PAUSE_S)


def _read(state: State, source: dict[str, Any], path: Path, stream: str) -> None:
    known = state.get(_OFFSET, str(path)) or {"offset": 0}
    if path.stat().st_size <= known["offset"]:
        return
    with path.open("rb") as file:
        file.seek(known["offset"])
        text = file.read()
    whole = text[: text.rfind(b"\n") + 1]
    if not whole:
        return
    # AWS drops events for a deleted log group.
    if group(state, source["region"], source["group"]) is not None:
        for line in whole.decode(errors="replace").splitlines():
            put_event(state, source["region"], source["group"], stream, line, int(now() * 1000))
    state.put(_OFFSET, str(path), {"offset": known["offset"] + len(whole)})
