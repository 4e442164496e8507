"""`webapp destroy`: deletes a stage or a target, and its data only with --data."""

import argparse
from collections.abc import Sequence, Set

from django_runtimes.deploy.aws.deletion_protection import refuse_protected
from django_runtimes.deploy.aws.history import History
from django_runtimes.deploy.catalogue import (
    DATABASE,
    LAMBDA,
    NETWORK,
    SECURITY_GROUPS,
    STACKS,
    DeployTarget,
    Stack,
    removable,
    runtime_stack,
)
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.steps.function_removal import (
    delete_stage_functions,
    free_stage_interfaces,
    refuse_other_functions,
)
from django_runtimes.deploy.steps.image_protection import release_all_images, running_digests
from django_runtimes.deploy.steps.service_logs import delete_service_logs
from django_runtimes.deploy.verb import RESUMABLE, Result, add_consent, add_place, context_of, run, verb_parser
from django_runtimes.deploy.verbs.deploy import place_content

_KEPT_BY_AWS = (
    "a snapshot of the database with its option group, the buckets and the registry stay even then: delete them by hand"
)


def main(arguments: Sequence[str]) -> int:
    """Delete; `--help` explains the exit code."""
    parser = verb_parser(
        "destroy",
        "Delete the running parts of the stage, or only those of --target. Database, secrets, buckets and their "
        f"network stay, unless --data is given; {_KEPT_BY_AWS}.",
    )
    add_place(parser)
    add_consent(parser)
    parser.add_argument("--data", action="store_true", help="delete database, secrets and network too")
    return run(parser, arguments, _destroy, interrupted=RESUMABLE)


def _destroy(options: argparse.Namespace) -> Result:
    context = context_of(options)
    target = DeployTarget(options.target) if options.target else None
    if target is not None and options.data:
        # The data belong to the whole stage, not to one target.
        target = None
    wanted = removable(target, with_data=options.data)
    # This includes stacks whose creation started but never finished.
    going = [stack for stack in wanted if context.state(stack).status is not None]
    names = [context.stack_name(stack) for stack in going]
    kept = [context.stack_name(stack) for stack in STACKS if stack not in going and context.has(stack)]
    content = place_content(context) | {"deleted": names, "kept": kept}
    if not going:
        if not context.consent.dry_run:
            # A killed attempt may have left the history and logs behind.
            for stack in wanted:
                _forget(context, stack, running_digests(context, except_stacks=wanted))
            if options.data:
                delete_service_logs(context)
        return Result(f"{context.place}: there is nothing to delete; kept: {', '.join(kept) or 'nothing'}", content)
    context.progress.say(f"to delete: {', '.join(names)}")
    context.progress.say(f"to keep: {', '.join(kept) or 'nothing'}")
    if untouched := _untouched(context):
        context.progress.say(f"to leave alone, since it is not the stage's own: {', '.join(untouched)}")
    if DATABASE in going:
        _refuse_protected(context)
    if SECURITY_GROUPS in going:
        refuse_other_functions(context, going)
    if context.consent.dry_run:
        return Result("nothing was changed", content | {"deleted": [], "dry_run": True})
    question = "Delete it, with the data?" if options.data else "Delete it?"
    context.consent.ask(question)
    # The operations function may run an image of the deleted target.
    running = running_digests(context, except_stacks=wanted)
    if target is None:
        _delete_stage(context, wanted, going, running)
    else:
        # The operations function stays, and keeps the interfaces that it shares with the target's function.
        _delete(context, wanted, going, running)
    if options.data:
        delete_service_logs(context)
    return Result(f"deleted: {', '.join(names)}; kept: {', '.join(kept) or 'nothing'}", content)


def _refuse_protected(context: Context) -> None:
    """Check the database's protection before the first deletion, so that a refusal leaves the whole stage intact."""
    parameters = context.state(DATABASE).parameters
    engine = parameters.get("Engine")
    # An existing database, which the stack only refers to, stays in any case.
    if engine is not None and "Host" not in parameters:
        # A stack whose creation failed after the database has no outputs, so the database's name is computed.
        name = f"{context.configuration.project}-{context.deployment.stage}"
        refuse_protected(context.aws, name, engine=engine)


def _untouched(context: Context) -> list[str]:
    """Return the existing network and database that the stage's stacks refer to."""
    network, database = (context.state(stack).parameters for stack in (NETWORK, DATABASE))
    found = [network["VpcId"]] if "VpcId" in network else []
    return found + ([f"the database {database['Identifier']}"] if "Host" in database else [])


def _delete_stage(context: Context, wanted: Sequence[Stack], going: Sequence[Stack], running: Set[str]) -> None:
    """Delete the stacks, those with the functions' roles only once Lambda has freed the functions' interfaces."""
    delete_stage_functions(context, going)
    # The stacks are in the order of their deletion, and this one is the first with such a role.
    first = wanted.index(LAMBDA)
    _delete(context, wanted[:first], going, running)
    free_stage_interfaces(context, going)
    _delete(context, wanted[first:], going, running)


def _delete(context: Context, wanted: Sequence[Stack], going: Sequence[Stack], running: Set[str]) -> None:
    for stack in wanted:
        if stack in going:
            context.stacks.delete(context.state(stack))
        # If a later deletion failed, the history would let the next deploy assume that the web role exists.
        _forget(context, stack, running)


def _forget(context: Context, gone: Stack, running: Set[str]) -> None:
    """Delete the history of the target whose runtime stack this is; later deploys must not roll back to it."""
    for target in DeployTarget:
        if runtime_stack(target) is gone:
            stage = context.deployment.stage
            History(context.aws, context.configuration.project, stage, target).forget()
            release_all_images(context.images, stage, target, except_digests=running)
