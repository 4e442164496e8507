"""Creates, updates and removes the resources of a stack, one wave of independent resources at a time."""

from collections.abc import Collection
from typing import Any

from tests.deploy.standin.cloudformation import stack as stacks
from tests.deploy.standin.cloudformation.schemas import complaint, needs_replacement
from tests.deploy.standin.cloudformation.stack import Stack, set_resource
from tests.deploy.standin.cloudformation.template import Template
from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.resources.handlers import Context, handler_of
from tests.deploy.standin.world import World

_CANCELLED = "Resource creation cancelled"
_REPLACED = "Requested update requires the creation of a new physical resource; hence creating one."
# The fields that describe one physical resource; a replacement overwrites all of them.
PHYSICAL_FIELDS = ("physical", "reference", "attributes", "type", "properties", "replacement")


class Waves:
    """The resources of one stack during an operation."""

    def __init__(self, world: World, stack: Stack) -> None:
        self._world = world
        self._stack = stack

    async def apply(self, verb: str, *, on: str | None = None) -> list[str]:
        """Apply the template to every resource, in waves; return the logical ids that failed, in order."""
        template = stacks.template_of(self._stack)
        token = self._stack["operation"]["token"]
        resolver = stacks.resolver_of(self._world, self._stack, template, self._stack["parameters"])
        waiting = [name for name in resolver.present() if self._completed_token(name) != token]
        while waiting:
            wave = [name for name in waiting if not resolver.dependencies(name) & set(waiting) - {name}]
            failed = await self._wave(template, wave, on=on or verb.lower())
            if failed:
                return failed
            waiting = [name for name in waiting if name not in wave]
        return []

    async def _wave(self, template: Template, wave: list[str], *, on: str) -> list[str]:
        """Start all resources of a wave, then finish them in order; after a failure the rest are cancelled."""
        plans = []
        for name in wave:
            plan = self._plan(template, name)
            if isinstance(plan, AwsError):
                plans.append((name, None, plan))
            elif plan is not None:
                set_resource(self._world, self._stack, name, f"{plan['verb']}_IN_PROGRESS", plan["why"])
                plans.append((name, plan, None))
        if plans:
            await self._world.faults.wait_for_resource()
        failed: list[str] = []
        for name, plan, refused in plans:
            verb = "CREATE" if plan is None else plan["verb"]
            if failed:
                set_resource(self._world, self._stack, name, f"{verb}_FAILED", _CANCELLED)
                failed.append(name)
                continue
            error = refused if plan is None else await self._attempt(name, plan, on)
            if error is not None:
                # The failed resource may be half changed, so a rollback must update it even if nothing differs.
                self._stack["resources"][name]["tainted"] = True
                set_resource(self._world, self._stack, name, f"{verb}_FAILED", error.message)
                failed.append(name)
        return failed

    def _plan(self, template: Template, name: str) -> dict[str, Any] | AwsError | None:
        """Return a resource's change, None if it needs no change, or the error if the change does not resolve."""
        declared = template["Resources"][name]
        kept = self._stack["resources"].get(name)
        resolver = stacks.resolver_of(self._world, self._stack, template, self._stack["parameters"])
        if kept is None:
            kept = self._stack["resources"][name] = _new_resource(declared)
        try:
            properties = resolver.properties(name)
        except AwsError as error:
            return error
        refusal = complaint(declared["Type"], properties)
        if refusal is not None:
            return AwsError("Failed", refusal)
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
        if not changed and kept["type"] == declared["Type"] and not kept.get("tainted"):
            kept["done"] = self._stack["operation"]["token"]
            return None
        replaces = kept["type"] != declared["Type"] or needs_replacement(kept["type"], changed)
        why = _REPLACED if replaces else None
        return {"verb": "UPDATE", "why": why, "properties": properties, "replaces": replaces, "type": declared["Type"]}

    async def _attempt(self, name: str, plan: dict[str, Any], on: str) -> AwsError | None:
        """Carry out a plan and return the error if it failed."""
        reason = self._world.faults.failure(name, stack=self._stack["name"], on=on)
        if reason is not None:
            return AwsError("Failed", reason)
        try:
            await self._carry_out(name, plan)
        except AwsError as error:
            return error
        return None

    async def _carry_out(self, name: str, plan: dict[str, Any]) -> None:
        kept = self._stack["resources"][name]
        context = Context(self._world, self._stack, name, kept.get("update_policy") or {})
        handler = handler_of(plan.get("type") or kept["type"])
        if plan["verb"] == "CREATE" or plan["replaces"]:
            former = {key: kept[key] for key in PHYSICAL_FIELDS} if plan["replaces"] else None
            made = await handler.create(context, plan["properties"])
            if former is not None:
                self._stack["operation"].setdefault("superseded", []).append({"logical_id": name, **former})
                kept["type"] = plan["type"]
            kept |= {"physical": made.physical_id, "reference": made.reference, "attributes": made.attributes}
        else:
            made = await handler.update(context, kept["physical"], plan["properties"], kept["properties"])
            kept |= {"reference": made.reference, "attributes": made.attributes}
        kept |= {"properties": plan["properties"], "done": self._stack["operation"]["token"], "tainted": False}
        if plan["verb"] == "CREATE":
            set_resource(self._world, self._stack, name, "CREATE_IN_PROGRESS", "Resource creation Initiated")
        set_resource(self._world, self._stack, name, f"{plan['verb']}_COMPLETE")

    async def clean_up(self) -> None:
        """Remove the resources that the update replaced, and those that the template no longer has."""
        template = stacks.template_of(self._stack)
        present = set(stacks.resolver_of(self._world, self._stack, template, self._stack["parameters"]).present())
        for former in self._stack["operation"].get("superseded", []):
            if former["replacement"] == "Retain":
                continue
            context = Context(self._world, self._stack, former["logical_id"], {})
            stacks.note_removal(self._world, self._stack, former, "DELETE_IN_PROGRESS")
            await handler_of(former["type"]).delete(context, former["physical"], former["properties"])
            stacks.note_removal(self._world, self._stack, former, "DELETE_COMPLETE")
        gone = [name for name in reversed(self._stack["resources"]) if name not in present]
        await self.remove(gone)
        for name in gone:
            kept = self._stack["resources"][name]
            if kept["status"] in {"DELETE_COMPLETE", "DELETE_SKIPPED"} or not kept.get("physical"):
                del self._stack["resources"][name]

    async def remove(self, names: list[str], *, retained: Collection[str] = (), cleaning: bool = False) -> list[str]:
        """Delete resources in this order; return the logical ids of those that could not be deleted."""
        failed = []
        # A resource that was just created holds no data yet, so the rollback of a creation honours only Retain.
        keeping = {"Retain"} if cleaning else {"Retain", "RetainExceptOnCreate"}
        for name in names:
            kept = self._stack["resources"][name]
            if kept["status"] in {"DELETE_COMPLETE", "DELETE_SKIPPED"} or not kept.get("physical"):
                continue
            if name in retained or kept["deletion"] in keeping:
                set_resource(self._world, self._stack, name, "DELETE_SKIPPED")
                continue
            set_resource(self._world, self._stack, name, "DELETE_IN_PROGRESS")
            await self._world.faults.wait_for_resource()
            reason = None if cleaning else self._world.faults.failure(name, stack=self._stack["name"], on="delete")
            reason = reason or await self._try_delete(name)
            if reason is not None:
                set_resource(self._world, self._stack, name, "DELETE_FAILED", reason)
                failed.append(name)
            else:
                set_resource(self._world, self._stack, name, "DELETE_COMPLETE")
        return failed

    async def _try_delete(self, name: str) -> str | None:
        """Delete a resource and return the reason if that failed."""
        kept = self._stack["resources"][name]
        try:
            context = Context(self._world, self._stack, name, {})
            await handler_of(kept["type"]).delete(context, kept["physical"], kept["properties"])
        except AwsError as error:
            return error.message
        return None

    def _completed_token(self, name: str) -> str | None:
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
