"""The operations function's handler, which awslambdaric calls in place of the one that serves requests.

It has no Django: each command starts as in a container, in a process of its own
(docs/decisions/0011-commands-in-their-own-process.md).
"""

import os
import sys

from webapp.config.environment import Environment
from webapp.config.operations import allowed_commands
from webapp.serving.command_handler import CommandHandler

handler = CommandHandler(
    program=[sys.executable, "-m", "webapp.entrypoints.launch"],
    allowed=allowed_commands(Environment(os.environ)),
)
