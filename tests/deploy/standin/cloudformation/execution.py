"""Executes stack operations: applies resources in waves, and rolls them back when one fails."""

import asyncio
import traceback
import uuid
from typing import Any

from tests.deploy.standin.cloudformation import stack as stacks
from tests.deploy.standin.cloudformation.stack import Stack, set_status
from tests.deploy.standin.cloudformation.waves import PHYSICAL_FIELDS, Waves
from tests.deploy.standin.world import World, now

_tasks: set[asyncio.Task[None]] = set()


def begin(world: World, stack: Stack, kind: str, *, token: str | None = None, **what: Any) -> None:
    """Start an operation on a stack: a create, update or delete, or the rollback of a create or update."""
    stack["operation"] = {"kind": kind, "token": token or str(uuid.uuid4()), **what}
    stacks.keep(world, stack)
    _schedule(world, stack)


def resume_all(world: World) -> None:
    """Resume the operations that a SIGKILL interrupted."""
    for stack in stacks.every(world):
        if stack["operation"] is not None and stack["parent"] is None:
            _schedule(world, stack)


async def cancel_all() -> None:
    for task in list(_tasks):
        task.cancel()
    await asyncio.gather(*_tasks, return_exceptions=True)


def _schedule(world: World, stack: Stack) -> None:
    task = asyncio.get_running_loop().create_task(Execution(world, stack).run())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


class Execution:
    """One operation on one stack, resumed at the point that the stack's document records."""

    def __init__(self, world: World, stack: Stack) -> None:
        self._world = world
        self._stack = stack
        self._waves = Waves(world, stack)

    async def run(self) -> None:
        kind = self._stack["operation"]["kind"]
        try:
            match kind:
                case "create":
                    await self._create()
                case "update":
                    await self._update()
                case "delete":
                    await self._delete()
                case "rollback":
                    await self._roll_creation_back()
                case "update rollback":
                    await self._roll_update_back()
        except Exception as error:
            traceback.print_exc()
            failure = {"create": "CREATE_FAILED", "update": "UPDATE_FAILED", "delete": "DELETE_FAILED"}
            status = failure.get(kind, "ROLLBACK_FAILED")
            set_status(self._world, self._stack, status, f"the stand-in is broken: {error!r}")
        finally:
            # A cancelled operation stays recorded, so that the next start resumes it.
            if not stacks.in_progress(self._stack):
                self._stack["operation"] = None
                stacks.keep(self._world, self._stack)

    async def _create(self) -> None:
        if self._stack["status"] != "CREATE_IN_PROGRESS":
            set_status(self._world, self._stack, "CREATE_IN_PROGRESS", "User Initiated")
        failed = await self._waves.apply("CREATE")
        if failed:
            why = f"The following resource(s) failed to create: [{', '.join(failed)}]. "
            if self._stack["on_failure"] == "DO_NOTHING":
                set_status(self._world, self._stack, "CREATE_FAILED", why)
                return
            if self._stack["on_failure"] == "DELETE":
                set_status(self._world, self._stack, "DELETE_IN_PROGRESS", why + "Delete requested by user.")
                await self._delete()
                return
            set_status(self._world, self._stack, "ROLLBACK_IN_PROGRESS", why + "Rollback requested by user.")
            self._stack["operation"]["kind"] = "rollback"
            await self._roll_creation_back()
            return
        self._conclude("CREATE_COMPLETE")

    async def _roll_creation_back(self) -> None:
        failed = await self._waves.remove(list(reversed(self._stack["resources"])), cleaning=True)
        self._stack["outputs"], self._stack["imports"] = [], []
        set_status(self._world, self._stack, "ROLLBACK_FAILED" if failed else "ROLLBACK_COMPLETE", _failed(failed))

    async def _update(self) -> None:
        if self._stack["status"] == "UPDATE_IN_PROGRESS":
            failed = await self._waves.apply("UPDATE")
        elif self._stack["status"] == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS":
            failed = []
        else:
            set_status(self._world, self._stack, "UPDATE_IN_PROGRESS", "User Initiated")
            failed = await self._waves.apply("UPDATE")
        if failed:
            why = f"The following resource(s) failed to update: [{', '.join(failed)}]. "
            set_status(self._world, self._stack, "UPDATE_ROLLBACK_IN_PROGRESS", why)
            self._stack["operation"]["kind"] = "update rollback"
            await self._roll_update_back()
            return
        if self._stack["status"] != "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS":
            refusal = self._export_in_use()
            if refusal is not None:
                set_status(self._world, self._stack, "UPDATE_ROLLBACK_IN_PROGRESS", refusal)
                self._stack["operation"]["kind"] = "update rollback"
                await self._roll_update_back()
                return
            self._set_outputs()
            set_status(self._world, self._stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        await self._waves.clean_up()
        set_status(self._world, self._stack, "UPDATE_COMPLETE")

    async def _roll_update_back(self) -> None:
        """Apply the former template with the former parameters to the current resources."""
        operation = self._stack["operation"]
        if "before" in operation:
            before = operation.pop("before")
            operation |= {"token": operation["token"] + "-rollback", "superseded": self._restore(operation)}
            self._stack |= {key: before[key] for key in ("body", "parameters", "tags", "outputs", "imports")}
            stacks.keep(self._world, self._stack)
        if self._stack["status"] == "UPDATE_ROLLBACK_IN_PROGRESS":
            failed = await self._waves.apply("UPDATE", on="rollback")
            if failed:
                why = f"The following resource(s) failed to update: [{', '.join(failed)}]. "
                set_status(self._world, self._stack, "UPDATE_ROLLBACK_FAILED", why)
                return
            set_status(self._world, self._stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        await self._waves.clean_up()
        set_status(self._world, self._stack, "UPDATE_ROLLBACK_COMPLETE")

    def _restore(self, operation: dict[str, Any]) -> list[dict[str, Any]]:
        """Reinstate replaced resources that still exist, and return their replacements for deletion."""
        removable = []
        for former in operation.get("superseded", []):
            kept = self._stack["resources"][former["logical_id"]]
            removable.append(
                {
                    "logical_id": former["logical_id"],
                    **{key: kept[key] for key in PHYSICAL_FIELDS},
                    "replacement": "Delete",
                }
            )
            kept |= {key: former[key] for key in PHYSICAL_FIELDS}
        return removable

    async def _delete(self) -> None:
        if self._stack["status"] != "DELETE_IN_PROGRESS":
            set_status(self._world, self._stack, "DELETE_IN_PROGRESS", "User Initiated")
        retained = set(self._stack["operation"].get("retain", ()))
        failed = await self._waves.remove(list(reversed(self._stack["resources"])), retained=retained)
        if failed:
            set_status(self._world, self._stack, "DELETE_FAILED", _failed(failed))
            return
        set_status(self._world, self._stack, "DELETE_COMPLETE")

    def _conclude(self, status: str) -> None:
        self._set_outputs()
        set_status(self._world, self._stack, status)

    def _set_outputs(self) -> None:
        template = stacks.template_of(self._stack)
        resolver = stacks.resolver_of(self._world, self._stack, template, self._stack["parameters"])
        self._stack["outputs"] = resolver.outputs()
        for name in resolver.present():
            resolver.properties(name)
        self._stack["imports"] = sorted(resolver.imports)
        self._stack["updated"] = now()

    def _export_in_use(self) -> str | None:
        """Return CloudFormation's refusal if the new outputs change an export that another stack imports."""
        template = stacks.template_of(self._stack)
        resolver = stacks.resolver_of(self._world, self._stack, template, self._stack["parameters"])
        new = {output.get("ExportName"): output["OutputValue"] for output in resolver.outputs()}
        old = {
            output["ExportName"]: output["OutputValue"] for output in self._stack["outputs"] if "ExportName" in output
        }
        changed = {name for name, value in old.items() if new.get(name) != value}
        for name, users in sorted(stacks.importers(self._world, self._stack, changed).items()):
            verb = "deleted" if name not in new else "updated"
            return f"Export {name} cannot be {verb} as it is in use by {', '.join(users)}"
        return None


def _failed(names: list[str]) -> str | None:
    return f"The following resource(s) failed to delete: [{', '.join(names)}]. " if names else None
