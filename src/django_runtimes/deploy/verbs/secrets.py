"""`webapp secrets set`: stores a secret of a stage, and names it in webapp.toml."""

import argparse
from collections.abc import Sequence

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.config.secret import Secret
from django_runtimes.deploy.aws.stored_secrets import StoredSecrets
from django_runtimes.deploy.catalogue import PROCESS_STACKS
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.configuration_file import add_secret
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.hidden_input import ask_hidden_line, is_terminal, read_piped_text
from django_runtimes.deploy.own_settings import refuse_reserved
from django_runtimes.deploy.templates.reserved_names import refuse_set_by_templates
from django_runtimes.deploy.verb import EXIT_CODES, Result, add_place, context_of, run, verb_parser
from django_runtimes.deploy.verbs.deploy import place_content

# Secrets Manager's limit.
_LARGEST_BYTES = 65_536
_RESTART = "running processes keep the value that they have until `webapp deploy`, which restarts them"


def main(arguments: Sequence[str]) -> int:
    """Store the secret; `--help` explains the exit code."""
    parser = verb_parser(
        "secrets",
        "Store a secret in AWS Secrets Manager as PROJECT/STAGE/NAME: a new one, whose ARN is then added to "
        f"{FILE_NAME}, or a new version. The value is read from standard input and never shown.",
        epilog=f"Such as: webapp secrets set API_KEY --stage production < key.txt. {EXIT_CODES}",
    )
    add_place(parser)
    parser.add_argument("--dry-run", action="store_true", help="check everything but the value, and do nothing")
    parser.add_argument("action", choices=["set"], help="set: store a value")
    parser.add_argument("name", metavar="NAME", help="the variable in which the application finds the value")
    return run(parser, arguments, _set)


def _set(options: argparse.Namespace) -> Result:
    context = context_of(options)
    name = options.name
    _check_name(context, name)
    known = context.own_settings.secrets.get(name)
    place, stored_as = f"[stages.{context.deployment.stage}.secrets]", _stored_name(context, name)
    content = place_content(context) | {"name": name}
    if options.dry_run:
        return Result(
            f"{known.arn if known else stored_as} would be set; nothing was changed", content | {"dry_run": True}
        )
    # A wrong account is worth knowing before the value is typed.
    context.progress.say(f"{context.place}: account {context.aws.account}, {context.aws.region}")
    value = _value(name)
    secrets = StoredSecrets(context.aws)
    if known is not None:
        arn = secrets.update(known.arn, value)
        return Result(f"{arn} has a new version; {_RESTART}", content | {"secret": arn, "created": False})
    tags = {"project": context.configuration.project, "stage": context.deployment.stage}
    arn, is_new = secrets.put(stored_as, value, description=f"{name} of {stored_as.rpartition('/')[0]}", tags=tags)
    done = "is stored" if is_new else "has a new version"
    content |= {"secret": arn, "created": is_new}
    try:
        add_secret(context.configuration.directory, context.deployment.stage, name, arn)
    except (UsageError, OSError) as error:
        context.progress.say(f"  {FILE_NAME} was not changed: {error}")
        return Result(f'{arn} {done}; add it to {place}: {name} = "{arn}"', content | {"written": False})
    text = f"{arn} {done}, and {FILE_NAME} names it in {place}; `webapp deploy` gives it to the processes"
    return Result(text, content | {"written": True})


def _check_name(context: Context, name: str) -> None:
    """Raise UsageError for a name that cannot be a secret's, or that webapp.toml has for another purpose."""
    stage = context.deployment.stage
    refuse_reserved(name, f"[stages.{stage}.secrets]")
    templates = [context.templates[stack] for stack in PROCESS_STACKS]
    refuse_set_by_templates(templates, [name], place=f"[stages.{stage}.secrets]", stage=stage)
    if name in context.own_settings.environment:
        raise UsageError(
            f"{name} is a plain variable in [stages.{stage}.environment]; remove it there, and run this again"
        )
    known = context.own_settings.secrets.get(name)
    if known is not None and known.parameter:
        raise UsageError(
            f"{name} is {known.parameter} of Parameter Store; change it there (`aws ssm put-parameter --overwrite`), "
            f"or remove it from [stages.{stage}.secrets], and run this again"
        )
    if known is not None and known.json_key:
        raise UsageError(
            f"{name} is only the key {known.json_key!r} of {known.arn}; change that secret as a whole "
            f"(`aws secretsmanager put-secret-value`), or remove it from [stages.{stage}.secrets], and run this again"
        )


def _value(name: str) -> Secret:
    text = Secret(ask_hidden_line(f"{name}: ") if is_terminal() else read_piped_text())
    if not text:
        raise UsageError(f"the value of {name} is empty; type it, or pass it as in `webapp secrets set {name} < file`")
    if "\0" in text:
        raise UsageError(f"the value of {name} contains a NUL character, which no variable can hold; encode the value")
    if len(text.encode()) > _LARGEST_BYTES:
        raise UsageError(
            f"the value of {name} has {len(text.encode())} bytes, and Secrets Manager accepts {_LARGEST_BYTES}; "
            "store it in a bucket instead"
        )
    return text


def _stored_name(context: Context, name: str) -> str:
    return f"{context.configuration.project}/{context.deployment.stage}/{name}"
