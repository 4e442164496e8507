"""The handler of the operations function.

It does not load Django: each command runs in a process of its own, as in a container
(docs/decisions/0011-commands-in-their-own-process.md).
"""

import os
import sys

from django_runtimes.config.allowed_commands import allowed_commands
from django_runtimes.config.environment import Environment
from django_runtimes.serving.aws_lambda.command_handler import CommandHandler

handler = CommandHandler(
    program=[sys.executable, "-m", "django_runtimes.entrypoints.launch"],
    allowed=allowed_commands(Environment(os.environ)),
)
