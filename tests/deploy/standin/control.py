"""Serves the test's control requests, /_standin/VERB, beside AWS's API."""

from collections.abc import Callable
from typing import Any

from tests.deploy.standin import holds
from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.runtime.concurrency import set_limit
from tests.deploy.standin.runtime.images import describe_image, put_image
from tests.deploy.standin.services.account import set_account
from tests.deploy.standin.services.existing_resources import existing_resources, put_existing
from tests.deploy.standin.world import World

CALLS = "calls"
PREFIX = "/_standin/"


def control(world: World, verb: str, body: dict[str, Any]) -> dict[str, Any]:
    """Carry out a verb and return its answer."""
    if verb not in _VERBS:
        raise AwsError("UnknownVerb", f"the stand-in has no verb {verb}; choose one of: {', '.join(_VERBS)}", 404)
    return _VERBS[verb](world, body) or {}


def _image(world: World, body: dict[str, Any]) -> dict[str, Any]:
    if not any(each["name"] == body["repository"] for each in world.state.all("repository")):
        raise AwsError("RepositoryNotFoundException", f"there is no repository {body['repository']}", 404)
    return {"digest": put_image(world.state, body)}


def _contents(world: World, body: dict[str, Any]) -> None:
    describe_image(world.state, body["digest"], body["variables"], body["python_path"])


def _failure(world: World, body: dict[str, Any]) -> None:
    world.faults.fail(body["logical_id"], body["reason"], body["stack"], body["on"], body["times"])


def _pace(world: World, body: dict[str, Any]) -> None:
    world.faults.set_pace(body["seconds"], body["shift_seconds"])


def _denial(world: World, body: dict[str, Any]) -> None:
    world.faults.deny(body["action"])


def _refusal(world: World, body: dict[str, Any]) -> None:
    world.faults.refuse(body["action"], body["code"], body["message"], body["status"], body["times"])


def _hold(world: World, body: dict[str, Any]) -> None:
    holds.hold(world.state, body["action"], body["about"], body["done"])


def _held(world: World, body: dict[str, Any]) -> dict[str, Any]:
    return {"is_reached": holds.is_reached(world.state)}


def _release(world: World, body: dict[str, Any]) -> None:
    holds.release(world.state)


def _resume(world: World, body: dict[str, Any]) -> None:
    holds.resume(world.state)


def _concurrency(world: World, body: dict[str, Any]) -> None:
    set_limit(world.state, body["executions"])


def _put_existing(world: World, body: dict[str, Any]) -> None:
    put_existing(world.state, body["region"], body["kind"], body["name"], body["document"])


def _delete_existing(world: World, body: dict[str, Any]) -> None:
    world.state.delete(body["kind"], f"{body['region']}/{body['name']}")


def _existing(world: World, body: dict[str, Any]) -> dict[str, Any]:
    return {"resources": existing_resources(world.state)}


def _account(world: World, body: dict[str, Any]) -> None:
    set_account(world.state, body)


def _clear(world: World, body: dict[str, Any]) -> None:
    world.faults.clear()


def _calls(world: World, body: dict[str, Any]) -> dict[str, Any]:
    return {"calls": [entry["action"] for entry in world.state.entries(CALLS)]}


_VERBS: dict[str, Callable[[World, dict[str, Any]], dict[str, Any] | None]] = {
    "account": _account,
    "image": _image,
    "contents": _contents,
    "failure": _failure,
    "pace": _pace,
    "denial": _denial,
    "refusal": _refusal,
    "hold": _hold,
    "held": _held,
    "release": _release,
    "resume": _resume,
    "concurrency": _concurrency,
    "put-existing": _put_existing,
    "delete-existing": _delete_existing,
    "existing": _existing,
    "clear": _clear,
    "calls": _calls,
}
