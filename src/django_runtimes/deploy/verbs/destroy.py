"""`webapp destroy`: delete what runs, and the data only when told."""

import argparse
from collections.abc import Sequence

from django_runtimes.deploy.aws.deletion_protection import refuse_protected
from django_runtimes.deploy.aws.history import History
from django_runtimes.deploy.catalogue import DATABASE, STACKS, DeployTarget, Stack, removable, runtime_stack
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.verb import GOES_ON, Result, add_consent, add_place, context_of, run, verb_parser
from django_runtimes.deploy.verbs.deploy import place_content

_KEPT_BY_AWS = "a snapshot of the database, the buckets and the registry stay even then: delete them by hand"


def main(arguments: Sequence[str]) -> int:
    """Delete; the exit code is in `--help`."""
    parser = verb_parser(
        "destroy",
        "Delete what runs: everything of the stage, or of --target alone. Database, secrets, buckets and the network "
        f"that they stand in stay, unless --data is given; {_KEPT_BY_AWS}.",
    )
    add_place(parser)
    add_consent(parser)
    parser.add_argument("--data", action="store_true", help="delete database, secrets and network too")
    return run(parser, arguments, _destroy, interrupted=GOES_ON)


def _destroy(options: argparse.Namespace) -> Result:
    context = context_of(options)
    target = DeployTarget(options.target) if options.target else None
    if target is not None and options.data:
        # The data are the stage's, whatever runs on them.
        target = None
    wanted = removable(target, with_data=options.data)
    # What was begun and never made, too.
    going = [stack for stack in wanted if context.state(stack).status is not None]
    names = [context.stack_name(stack) for stack in going]
    kept = [context.stack_name(stack) for stack in STACKS if stack not in going and context.has(stack)]
    content = place_content(context) | {"deleted": names, "kept": kept}
    if not going:
        if not context.consent.dry_run:
            # What an attempt that was killed may have left.
            for stack in wanted:
                _forget(context, stack)
        return Result(f"{context.place}: there is nothing to delete; kept: {', '.join(kept) or 'nothing'}", content)
    context.progress.say(f"goes: {', '.join(names)}")
    context.progress.say(f"stays: {', '.join(kept) or 'nothing'}")
    if DATABASE in going:
        _refuse_protected(context)
    if context.consent.dry_run:
        return Result("nothing was changed", content | {"deleted": [], "dry_run": True})
    question = "Delete it, with the data?" if options.data else "Delete it?"
    context.consent.ask(question)
    for stack in wanted:
        if stack in going:
            context.stacks.delete(context.state(stack))
        # Not later: what comes after may fail, and a deploy would take the database for one that had this release.
        _forget(context, stack)
    return Result(f"deleted: {', '.join(names)}; kept: {', '.join(kept) or 'nothing'}", content)


def _refuse_protected(context: Context) -> None:
    """Before the first deletion: without its database, what the later ones take away is of no use to anybody."""
    engine = context.state(DATABASE).parameters.get("Engine")
    if engine is not None:
        # Not the stack's output, which one has not whose creation failed behind the database.
        name = f"{context.configuration.project}-{context.deployment.stage}"
        refuse_protected(context.aws, name, engine=engine)


def _forget(context: Context, gone: Stack) -> None:
    """What was there is nothing to go back to from what comes after."""
    for target in DeployTarget:
        if runtime_stack(target) is gone:
            History(context.aws, context.configuration.project, context.deployment.stage, target).forget()
