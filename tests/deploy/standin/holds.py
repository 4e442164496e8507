"""Blocks calls, so that a test can kill or overtake their caller in the middle of them."""

import asyncio
from typing import Any

from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.protocol import Call
from tests.deploy.standin.state import State

_KIND = "hold"
_PAUSE_S = 0.02


def hold(state: State, action: str, about: str, done: bool) -> None:
    """Block the next call of an action that contains all these words, before or after it takes effect."""
    key = f"{state.next_number(_KIND):06}"
    held = {"key": key, "action": action, "about": about.split(), "done": done, "is_reached": False}
    state.put(_KIND, key, {**held, "is_resumed": False})


def release(state: State) -> None:
    """Answer the blocked calls with an error; a call blocked before it took effect never takes effect."""
    for held in state.all(_KIND):
        state.delete(_KIND, held["key"])


def resume(state: State) -> None:
    """Let the blocked call continue normally; a hold that no call has reached yet stays."""
    reached = _reached(state)
    assert reached, "no call is blocked"
    for held in reached:
        state.put(_KIND, held["key"], {**held, "is_resumed": True})


def is_reached(state: State) -> bool:
    """Return whether a call is blocked now."""
    return bool(_reached(state))


def find_hold(state: State, call: Call) -> dict[str, Any] | None:
    """Return the hold that applies to the call, if any."""
    holds = [held for held in state.all(_KIND) if held["action"] == call.action and not held["is_resumed"]]
    if not holds:
        return None
    text = _text(state, call)
    return next((held for held in holds if all(word in text for word in held["about"])), None)


async def keep_waiting(state: State, held: dict[str, Any] | None, *, done: bool) -> None:
    """Wait until the hold ends, if it applies at this point; raise AwsError if the test released it."""
    if held is None or held["done"] is not done:
        return
    key = held["key"]
    if state.get(_KIND, key) is None:
        # The test released the hold before this call reached it.
        return
    state.put(_KIND, key, {**held, "is_reached": True})
    while True:
        await asyncio.sleep(_PAUSE_S)
        now = state.get(_KIND, key)
        if now is None:
            raise AwsError("Held", "the test released this call", 400)
        if now["is_resumed"]:
            state.delete(_KIND, key)
            return


def _reached(state: State) -> list[dict[str, Any]]:
    return [held for held in state.all(_KIND) if held["is_reached"] and not held["is_resumed"]]


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
