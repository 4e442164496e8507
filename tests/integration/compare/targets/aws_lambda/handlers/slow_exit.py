"""A function whose cleanup on SIGTERM takes 0.2 s."""

import os
import time
from pathlib import Path

from django_runtimes.entrypoints.extension import end_on_sigterm, register_extension


def clean_up() -> None:
    time.sleep(0.2)
    Path("cleaned_up").touch()


end_on_sigterm(clean_up)
extension = register_extension(os.environ["AWS_LAMBDA_RUNTIME_API"])


def handler(event: object, context: object) -> None:
    pass
