"""The options of `webapp compare` that choose its emulated targets."""

import argparse

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.deployed.deployed_service import is_deployed
from django_runtimes.compare.targets.memory_sizes import balanced_weight, memory_sizes
from django_runtimes.compare.targets.name import DEFAULT_TARGETS, MEASURED_ENGINES, MYSQL_TARGETS, TargetName
from django_runtimes.config.values.data_paths import Engine

_DEFAULTS = {Engine.POSTGRESQL: DEFAULT_TARGETS, Engine.MYSQL: MYSQL_TARGETS}


def add_target_options(parser: argparse.ArgumentParser) -> None:
    """Add --target, --engine, --memory and --balanced-weight to the parser of `webapp compare`."""
    default_names = ", ".join(str(name) for name in DEFAULT_TARGETS)
    parser.add_argument(
        "--target",
        action="append",
        metavar="NAME[=URL]",
        help="runtime/strategy/route, with @mysql for MariaDB in place of PostgreSQL and @MB for a memory size of a "
        "Lambda function, or a deployed target such as aws_lambda=https://…; repeatable; the first one is the "
        f"reference (default: {default_names})",
    )
    parser.add_argument(
        "--engine",
        choices=[engine.value for engine in MEASURED_ENGINES],
        help="the default targets of this engine: mysql starts a MariaDB, on the direct route only (default: "
        "postgresql)",
    )
    parser.add_argument(
        "--memory",
        type=memory_sizes,
        metavar="MB,MB…",
        help="add the first Lambda target with these memory sizes and the CPU shares that come with them, such as "
        "512,1024,1769, and compare their cost with their speed",
    )
    parser.add_argument(
        "--balanced-weight",
        type=balanced_weight,
        metavar="W",
        help="the weight of the cost in the balanced memory size, from 0 (the fastest) to 1 (the cheapest; "
        "default: 0.5)",
    )


def emulated_targets(options: argparse.Namespace) -> tuple[TargetName, ...]:
    """Return the emulated targets without those of --memory; raise UsageError for a choice that is impossible."""
    if not options.target:
        return _DEFAULTS[Engine(options.engine or Engine.POSTGRESQL)]
    targets = tuple(TargetName.parse(text) for text in options.target if not is_deployed(text))
    if options.engine is not None:
        raise UsageError(
            f"--engine {options.engine} with --target: --engine chooses the default targets; omit it, and name "
            "MariaDB in a target as in aws_ecs/persistent/direct@mysql"
        )
    if len(set(targets)) < len(targets):
        raise UsageError("--target names a target twice; name each once")
    if options.image and (special := next((name for name in targets if name.option), None)):
        raise UsageError(
            f"--target {str(special)!r} with --image: the option {special.option!r} is emulated here without "
            "containers; leave out --image or the option"
        )
    if len({name.engine for name in targets}) > 1:
        raise UsageError(
            f"--target names targets on {' and '.join(sorted({name.engine for name in targets}))}; a run starts one "
            "database server, so measure each engine in a run of its own"
        )
    return targets
