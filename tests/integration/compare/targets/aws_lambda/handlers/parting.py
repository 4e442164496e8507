"""A function whose SIGTERM takes a while."""

import os
import time
from pathlib import Path

from django_runtimes.entrypoints.extension import end_on_sigterm, register_extension


def part() -> None:
    time.sleep(0.2)
    Path("parted").touch()


end_on_sigterm(part)
extension = register_extension(os.environ["AWS_LAMBDA_RUNTIME_API"])


def handler(event: object, context: object) -> None:
    pass
