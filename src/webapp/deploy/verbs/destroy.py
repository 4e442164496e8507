"""`webapp destroy`: delete what runs, and the data only when told."""

import argparse
from collections.abc import Sequence

from webapp.deploy.catalogue import STACKS, Target, removable
from webapp.deploy.command import Result, add_consent, add_place, context_of, run, verb_parser
from webapp.deploy.context import Context
from webapp.deploy.history import History
from webapp.deploy.verbs.deploy import place_content

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
    return run("destroy", parser.parse_args(arguments), _destroy)


def _destroy(options: argparse.Namespace) -> Result:
    context = context_of(options)
    target = Target(options.target) if options.target else None
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
        return Result(f"{context.place}: there is nothing to delete; kept: {', '.join(kept) or 'nothing'}", content)
    context.progress.say(f"goes: {', '.join(names)}")
    context.progress.say(f"stays: {', '.join(kept) or 'nothing'}")
    if context.consent.dry_run:
        return Result("nothing was changed", content | {"deleted": [], "dry_run": True})
    question = "Delete it, with the data?" if options.data else "Delete it?"
    context.consent.ask(question)
    _forget(context, target)
    for stack in going:
        context.stacks.delete(context.state(stack))
    return Result(f"deleted: {', '.join(names)}; kept: {', '.join(kept) or 'nothing'}", content)


def _forget(context: Context, target: Target | None) -> None:
    """What was there is nothing to go back to from what comes after."""
    for each in [target] if target is not None else list(Target):
        project, stage = context.configuration.project, context.deployment.stage
        History(context.aws, project, stage, each).forget()
