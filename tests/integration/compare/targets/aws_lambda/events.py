"""Events of the emulated functions."""

import json


def event(**fields) -> bytes:
    return json.dumps(fields).encode()
