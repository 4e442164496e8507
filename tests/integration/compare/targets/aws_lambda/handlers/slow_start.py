"""A handler whose first import is quick, while each later import takes minutes."""

import os
import time
from pathlib import Path

_started = Path(os.environ["STARTED"])
if _started.exists():
    time.sleep(600.0)
_started.touch()


def handler(event, context):
    """Sleep as long as the event says."""
    time.sleep(event.get("sleep_s", 0))
