"""A call that is kept waiting, so that whoever made it can be killed, or overtaken, in the midst of it."""

import asyncio
from typing import Any

from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.protocol import Call
from tests.deploy.standin.state import State

_KIND, _KEY = "hold", "hold"
_PAUSE_S = 0.02


def hold(state: State, action: str, about: str, done: bool) -> None:
    """Keep the next call of an action waiting that has all these words in it: before it is done, or once it is."""
    state.put(_KIND, _KEY, {"action": action, "about": about.split(), "done": done, "is_reached": False})


def release(state: State) -> None:
    """Whoever is kept waiting gets an error; what was not done is not."""
    state.delete(_KIND, _KEY)


def resume(state: State) -> None:
    """Whoever is kept waiting goes on as if nothing had been."""
    held = state.get(_KIND, _KEY)
    assert held is not None
    state.put(_KIND, _KEY, {**held, "goes_on": True})


def is_reached(state: State) -> bool:
    """Whether somebody is kept waiting."""
    held = state.get(_KIND, _KEY)
    return held is not None and bool(held["is_reached"])


def find_hold(state: State, call: Call) -> dict[str, Any] | None:
    """What the call is kept waiting by, if anything."""
    held = state.get(_KIND, _KEY)
    if held is None or held["action"] != call.action:
        return None
    text = _text(state, call)
    return held if all(word in text for word in held["about"]) else None


async def keep_waiting(state: State, held: dict[str, Any] | None, *, done: bool) -> None:
    """Wait for the release, if this is the moment."""
    if held is None or held["done"] is not done:
        return
    state.put(_KIND, _KEY, {**held, "is_reached": True})
    while True:
        await asyncio.sleep(_PAUSE_S)
        now = state.get(_KIND, _KEY)
        if now is None:
            raise AwsError("Held", "nobody was to wait for this answer", 400)
        if now.get("goes_on"):
            state.delete(_KIND, _KEY)
            return


def _text(state: State, call: Call) -> str:
    """What the call says; with the change set's stack and parameters, where it names nothing but a change set."""
    values = list(call.parameters.values())
    if "ChangeSetName" in call.parameters and "StackName" not in call.parameters:
        name = call.parameters["ChangeSetName"]
        values += [
            f"{change_set['stack_name']} {change_set['parameters']}"
            for change_set in state.all("change set")
            if name in {change_set["name"], change_set["id"]}
        ]
    return " ".join(value.decode() if isinstance(value, bytes) else str(value) for value in values)
