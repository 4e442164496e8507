"""Blocks a call, so that a test can kill or overtake its caller in the middle of it."""

import asyncio
from typing import Any

from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.protocol import Call
from tests.deploy.standin.state import State

_KIND, _KEY = "hold", "hold"
_PAUSE_S = 0.02


def hold(state: State, action: str, about: str, done: bool) -> None:
    """Block the next call of an action that contains all these words, before or after it takes effect."""
    state.put(_KIND, _KEY, {"action": action, "about": about.split(), "done": done, "is_reached": False})


def release(state: State) -> None:
    """Answer the blocked call with an error; a call blocked before it took effect never takes effect."""
    state.delete(_KIND, _KEY)


def resume(state: State) -> None:
    """Let the blocked call continue normally."""
    held = state.get(_KIND, _KEY)
    assert held is not None
    state.put(_KIND, _KEY, {**held, "is_resumed": True})


def is_reached(state: State) -> bool:
    """Return whether a call is blocked now."""
    held = state.get(_KIND, _KEY)
    return held is not None and bool(held["is_reached"])


def find_hold(state: State, call: Call) -> dict[str, Any] | None:
    """Return the hold that applies to the call, if any."""
    held = state.get(_KIND, _KEY)
    if held is None or held["action"] != call.action:
        return None
    text = _text(state, call)
    return held if all(word in text for word in held["about"]) else None


async def keep_waiting(state: State, held: dict[str, Any] | None, *, done: bool) -> None:
    """Wait until the hold ends, if it applies at this point; raise AwsError if the test released it."""
    if held is None or held["done"] is not done:
        return
    state.put(_KIND, _KEY, {**held, "is_reached": True})
    while True:
        await asyncio.sleep(_PAUSE_S)
        now = state.get(_KIND, _KEY)
        if now is None:
            raise AwsError("Held", "the test released this call", 400)
        if now.get("is_resumed"):
            state.delete(_KIND, _KEY)
            return


def _text(state: State, call: Call) -> str:
    """Join the call's parameters; if it names only a change set, add that change set's stack and parameters."""
    values = list(call.parameters.values())
    if "ChangeSetName" in call.parameters and "StackName" not in call.parameters:
        name = call.parameters["ChangeSetName"]
        values += [
            f"{change_set['stack_name']} {change_set['parameters']}"
            for change_set in state.all("change set")
            if name in {change_set["name"], change_set["id"]}
        ]
    return " ".join(value.decode() if isinstance(value, bytes) else str(value) for value in values)
