"""What happens after a change set is executed: resources one wave after the other, and back when one fails."""

import asyncio
import uuid
from collections.abc import Collection
from typing import Any

from tests.deploy.standin.cloudformation import stack as stacks
from tests.deploy.standin.cloudformation.schemas import needs_replacement
from tests.deploy.standin.cloudformation.stack import Stack, set_resource, set_status
from tests.deploy.standin.cloudformation.template import Template
from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.resources.handlers import Context, handler_of
from tests.deploy.standin.world import World, now

_CANCELLED = "Resource creation cancelled"
# What makes a resource the one that it is; another one comes in its place with others.
_OWN = ("physical", "reference", "attributes", "type", "properties", "replacement")
_tasks: set[asyncio.Task[None]] = set()


def begin(world: World, stack: Stack, kind: str, *, token: str | None = None, **what: Any) -> None:
    """Start an operation on a stack: create, update, delete, or a rollback of one of them."""
    stack["operation"] = {"kind": kind, "token": token or str(uuid.uuid4()), **what}
    stacks.keep(world, stack)
    _schedule(world, stack)


def resume_all(world: World) -> None:
    """Carry on with what a SIGKILL interrupted."""
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
    """One operation on one stack, from wherever its document says that it stands."""

    def __init__(self, world: World, stack: Stack) -> None:
        self._world = world
        self._stack = stack

    async def run(self) -> None:
        operation = self._stack["operation"]
        try:
            match operation["kind"]:
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
        finally:
            # Cancelled, it carries on after the next start.
            if not stacks.in_progress(self._stack):
                self._stack["operation"] = None
                stacks.keep(self._world, self._stack)

    async def _create(self) -> None:
        if self._stack["status"] != "CREATE_IN_PROGRESS":
            set_status(self._world, self._stack, "CREATE_IN_PROGRESS", "User Initiated")
        failed = await self._apply("CREATE")
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
        failed = await self._remove(list(reversed(self._stack["resources"])), cleaning=True)
        self._stack["outputs"], self._stack["imports"] = [], []
        set_status(self._world, self._stack, "ROLLBACK_FAILED" if failed else "ROLLBACK_COMPLETE", _failed(failed))

    async def _update(self) -> None:
        if self._stack["status"] == "UPDATE_IN_PROGRESS":
            failed = await self._apply("UPDATE")
        elif self._stack["status"] == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS":
            failed = []
        else:
            set_status(self._world, self._stack, "UPDATE_IN_PROGRESS", "User Initiated")
            failed = await self._apply("UPDATE")
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
        await self._clean_up()
        set_status(self._world, self._stack, "UPDATE_COMPLETE")

    async def _roll_update_back(self) -> None:
        """The former template with the former parameters, applied to whatever is there now."""
        operation = self._stack["operation"]
        if "before" in operation:
            before = operation.pop("before")
            operation |= {"token": operation["token"] + "-rollback", "superseded": self._restore(operation)}
            self._stack |= {key: before[key] for key in ("body", "parameters", "tags", "outputs", "imports")}
            stacks.keep(self._world, self._stack)
        if self._stack["status"] == "UPDATE_ROLLBACK_IN_PROGRESS":
            failed = await self._apply("UPDATE", on="rollback")
            if failed:
                why = f"The following resource(s) failed to update: [{', '.join(failed)}]. "
                set_status(self._world, self._stack, "UPDATE_ROLLBACK_FAILED", why)
                return
            set_status(self._world, self._stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        await self._clean_up()
        set_status(self._world, self._stack, "UPDATE_ROLLBACK_COMPLETE")

    def _restore(self, operation: dict[str, Any]) -> list[dict[str, Any]]:
        """Put what was replaced back in its place: it has not been deleted yet. Gives what replaced it, to be deleted."""
        removable = []
        for former in operation.get("superseded", []):
            kept = self._stack["resources"][former["logical_id"]]
            removable.append(
                {"logical_id": former["logical_id"], **{key: kept[key] for key in _OWN}, "replacement": "Delete"}
            )
            kept |= {key: former[key] for key in _OWN}
        return removable

    async def _delete(self) -> None:
        if self._stack["status"] != "DELETE_IN_PROGRESS":
            set_status(self._world, self._stack, "DELETE_IN_PROGRESS", "User Initiated")
        retained = set(self._stack["operation"].get("retain", ()))
        failed = await self._remove(list(reversed(self._stack["resources"])), retained=retained)
        if failed:
            set_status(self._world, self._stack, "DELETE_FAILED", _failed(failed))
            return
        set_status(self._world, self._stack, "DELETE_COMPLETE")

    async def _apply(self, verb: str, *, on: str | None = None) -> list[str]:
        """Bring every resource to what the template says, in waves; the logical ids that failed, the first first."""
        template = stacks.template_of(self._stack)
        token = self._stack["operation"]["token"]
        resolver = stacks.resolver_of(self._world, self._stack, template, self._stack["parameters"])
        waiting = [name for name in resolver.present() if self._done(name) != token]
        while waiting:
            wave = [name for name in waiting if not resolver.dependencies(name) & set(waiting) - {name}]
            failed = await self._wave(template, wave, on=on or verb.lower())
            if failed:
                return failed
            waiting = [name for name in waiting if name not in wave]
        return []

    async def _wave(self, template: Template, wave: list[str], *, on: str) -> list[str]:
        """Resources that do not wait for each other: all of them begin, then end; after a failure the rest is cancelled."""
        plans = []
        for name in wave:
            plan = self._plan(template, name)
            if isinstance(plan, AwsError):
                plans.append((name, None, plan))
            elif plan is not None:
                set_resource(self._world, self._stack, name, f"{plan['verb']}_IN_PROGRESS", plan["why"])
                plans.append((name, plan, None))
        if plans:
            await asyncio.sleep(self._world.faults.pace_s)
        failed: list[str] = []
        for name, plan, refused in plans:
            verb = "CREATE" if plan is None else plan["verb"]
            if failed:
                set_resource(self._world, self._stack, name, f"{verb}_FAILED", _CANCELLED)
                failed.append(name)
                continue
            try:
                if refused is not None:
                    raise refused
                assert plan is not None
                await self._carry_out(name, plan, on)
            except AwsError as error:
                set_resource(self._world, self._stack, name, f"{verb}_FAILED", error.message)
                failed.append(name)
        return failed

    def _plan(self, template: Template, name: str) -> dict[str, Any] | AwsError | None:
        """What is to be done with a resource; None where nothing is, the error where that cannot be said."""
        declared = template["Resources"][name]
        kept = self._stack["resources"].get(name)
        resolver = stacks.resolver_of(self._world, self._stack, template, self._stack["parameters"])
        if kept is None:
            kept = self._stack["resources"][name] = _new_resource(declared)
        try:
            properties = resolver.properties(name)
        except AwsError as error:
            return error
        self._stack["imports"] = sorted({*self._stack["imports"], *resolver.imports})
        kept["deletion"] = declared.get("DeletionPolicy", "Delete")
        kept["replacement"] = declared.get("UpdateReplacePolicy", "Delete")
        kept["update_policy"] = resolver.resolve(declared.get("UpdatePolicy") or {})
        if not kept.get("physical") or kept["status"] == "DELETE_COMPLETE":
            kept["properties"] = properties
            return {"verb": "CREATE", "why": None, "properties": properties, "replaces": None}
        changed = {
            key for key in {*properties, *kept["properties"]} if properties.get(key) != kept["properties"].get(key)
        }
        if not changed and kept["type"] == declared["Type"]:
            kept["done"] = self._stack["operation"]["token"]
            return None
        replaces = kept["type"] != declared["Type"] or needs_replacement(kept["type"], changed)
        why = (
            "Requested update requires the creation of a new physical resource; hence creating one."
            if replaces
            else None
        )
        return {"verb": "UPDATE", "why": why, "properties": properties, "replaces": replaces, "type": declared["Type"]}

    async def _carry_out(self, name: str, plan: dict[str, Any], on: str) -> None:
        kept = self._stack["resources"][name]
        reason = self._world.faults.failure(name, stack=self._stack["name"], on=on)
        if reason is not None:
            raise AwsError("Failed", reason)
        context = Context(self._world, self._stack, name, kept.get("update_policy") or {})
        handler = handler_of(plan.get("type") or kept["type"])
        if plan["verb"] == "CREATE" or plan["replaces"]:
            former = {key: kept[key] for key in _OWN} if plan["replaces"] else None
            made = await handler.create(context, plan["properties"])
            if former is not None:
                self._stack["operation"].setdefault("superseded", []).append({"logical_id": name, **former})
                kept["type"] = plan["type"]
            kept |= {"physical": made.physical_id, "reference": made.reference, "attributes": made.attributes}
        else:
            made = await handler.update(context, kept["physical"], plan["properties"], kept["properties"])
            kept |= {"reference": made.reference, "attributes": made.attributes}
        kept |= {"properties": plan["properties"], "done": self._stack["operation"]["token"]}
        if plan["verb"] == "CREATE":
            set_resource(self._world, self._stack, name, "CREATE_IN_PROGRESS", "Resource creation Initiated")
        set_resource(self._world, self._stack, name, f"{plan['verb']}_COMPLETE")

    async def _clean_up(self) -> None:
        """Remove what the update has replaced, and what the template has no longer."""
        template = stacks.template_of(self._stack)
        present = set(stacks.resolver_of(self._world, self._stack, template, self._stack["parameters"]).present())
        for former in self._stack["operation"].get("superseded", []):
            if former["replacement"] == "Retain":
                continue
            context = Context(self._world, self._stack, former["logical_id"], {})
            await handler_of(former["type"]).delete(context, former["physical"], former["properties"])
        gone = [name for name in reversed(self._stack["resources"]) if name not in present]
        await self._remove(gone)
        for name in gone:
            kept = self._stack["resources"][name]
            if kept["status"] in {"DELETE_COMPLETE", "DELETE_SKIPPED"} or not kept.get("physical"):
                del self._stack["resources"][name]

    async def _remove(self, names: list[str], *, retained: Collection[str] = (), cleaning: bool = False) -> list[str]:
        """Delete resources in this order; the logical ids of those that stayed although they should not."""
        failed = []
        for name in names:
            kept = self._stack["resources"][name]
            if kept["status"] in {"DELETE_COMPLETE", "DELETE_SKIPPED"} or not kept.get("physical"):
                continue
            # What was made a moment ago holds nothing worth keeping: a rollback keeps only what says Retain.
            if name in retained or kept["deletion"] == "Retain":
                set_resource(self._world, self._stack, name, "DELETE_SKIPPED")
                continue
            set_resource(self._world, self._stack, name, "DELETE_IN_PROGRESS")
            await asyncio.sleep(self._world.faults.pace_s)
            reason = None if cleaning else self._world.faults.failure(name, stack=self._stack["name"], on="delete")
            try:
                if reason is not None:
                    raise AwsError("Failed", reason)
                context = Context(self._world, self._stack, name, {})
                await handler_of(kept["type"]).delete(context, kept["physical"], kept["properties"])
            except AwsError as error:
                set_resource(self._world, self._stack, name, "DELETE_FAILED", error.message)
                failed.append(name)
            else:
                set_resource(self._world, self._stack, name, "DELETE_COMPLETE")
        return failed

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
        """Why the new outputs are refused: CloudFormation changes no export that another stack imports."""
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

    def _done(self, name: str) -> str | None:
        return (self._stack["resources"].get(name) or {}).get("done")


def _new_resource(declared: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": declared["Type"],
        "physical": None,
        "status": None,
        "properties": {},
        "attributes": {},
        "done": None,
    }


def _failed(names: list[str]) -> str | None:
    return f"The following resource(s) failed to delete: [{', '.join(names)}]. " if names else None
