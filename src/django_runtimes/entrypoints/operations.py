"""The operations function's handler, which awslambdaric calls in place of the one that serves requests.

It has no Django: each command starts as in a container, in a process of its own
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
