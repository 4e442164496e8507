"""Injects faults; they are stored on disk like all state, so they survive a restart."""

import asyncio

from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.state import Document, State

_KIND = "fault"
_PAUSE_S = 0.05
# The services' error codes for a denied call; all others answer AccessDeniedException.
_DENIALS = {
    **dict.fromkeys(("cloudformation", "iam", "rds", "s3", "sts"), "AccessDenied"),
    "ec2": "UnauthorizedOperation",
}


class Faults:
    """The faults that a test has requested."""

    def __init__(self, state: State) -> None:
        self._state = state

    def set_pace(self, seconds: float, shift_seconds: float) -> None:
        self._state.put(_KIND, "pace", {"resource": seconds, "shift": shift_seconds})

    async def wait_for_resource(self) -> None:
        """Wait for as long as each resource of a stack takes; a change of the pace affects a wait that has begun."""
        await self._wait("resource")

    async def wait_for_shift(self) -> None:
        """Wait for as long as each step of a traffic shift takes, in the same way."""
        await self._wait("shift")

    def deny(self, action: str) -> None:
        self._state.put(_KIND, f"refusal/{action}", {"action": action, "denied": True})

    def refuse(self, action: str, code: str, message: str, status: int, times: int | None) -> None:
        refusal = {"action": action, "denied": False, "code": code, "message": message, "status": status}
        self._state.put(_KIND, f"refusal/{action}", {**refusal, "left": times})

    def check(self, action: str, *, identity: str) -> None:
        """Raise the error requested for the action, if any."""
        service, _, operation = action.partition(":")
        for refusal in self._state.all(_KIND, "refusal/"):
            if refusal["action"] not in {action, "*", f"{service}:*"}:
                continue
            if not refusal["denied"]:
                self._use_up(f"refusal/{refusal['action']}", refusal)
                raise AwsError(refusal["code"], refusal["message"], refusal["status"])
            code = _DENIALS.get(service, "AccessDeniedException")
            raise AwsError(
                code,
                f"User: {identity} is not authorized to perform: {service}:{operation} "
                "because no identity-based policy allows the action",
                403,
            )

    def fail(self, logical_id: str, reason: str, stack: str | None, on: str, times: int | None) -> None:
        key = f"failure/{on}/{logical_id}/{stack or ''}"
        failure = {"logical_id": logical_id, "reason": reason, "stack": stack, "on": on, "left": times, "key": key}
        self._state.put(_KIND, key, failure)

    def failure(self, logical_id: str, *, stack: str, on: str) -> str | None:
        """Return the reason why the resource must fail now, or None; each call uses up one failure."""
        for failure in self._state.all(_KIND, f"failure/{on}/{logical_id}/"):
            if failure["stack"] not in {None, stack}:
                continue
            self._use_up(failure["key"], failure)
            return str(failure["reason"])
        return None

    def clear(self) -> None:
        for key in ("pace", *(f"refusal/{fault['action']}" for fault in self._state.all(_KIND, "refusal/"))):
            self._state.delete(_KIND, key)
        for failure in self._state.all(_KIND, "failure/"):
            self._state.delete(_KIND, failure["key"])

    async def _wait(self, what: str) -> None:
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        await asyncio.sleep(0)
        # A control request changes the pace.
        while (left_s := begun_s + self._pace_s(what) - loop.time()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(left_s, _PAUSE_S))

    def _pace_s(self, what: str) -> float:
        pace = self._state.get(_KIND, "pace")
        return 0.0 if pace is None else float(pace[what])

    def _use_up(self, key: str, fault: Document) -> None:
        """Decrement the remaining count of a fault that is limited."""
        if fault["left"] == 1:
            self._state.delete(_KIND, key)
        elif fault["left"] is not None:
            self._state.put(_KIND, key, {**fault, "left": fault["left"] - 1})
