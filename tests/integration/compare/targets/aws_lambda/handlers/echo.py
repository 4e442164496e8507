"""Handlers whose results and failures depend on the event."""

import base64
import os
import threading
import time
from pathlib import Path


def handler(event, context):
    """Return the event, and the context of the invocation."""
    time.sleep(event.get("sleep_s", 0))
    return {
        "event": event,
        "pid": os.getpid(),
        "environ": dict(os.environ),
        "request_id": context.aws_request_id,
        "remaining_ms": context.get_remaining_time_in_millis(),
        "function_arn": context.invoked_function_arn,
        "function_name": context.function_name,
        "memory_mb": context.memory_limit_in_mb,
        "log_stream": context.log_stream_name,
    }


def plain(event, context):
    """Return the event and nothing else."""
    return event


def ticking(event, context):
    """Return once a background thread, which the first invocation starts, has written another byte to a file."""
    heartbeat = Path(event["heartbeat"])

    def tick() -> None:
        while True:
            with heartbeat.open("a") as file:
                file.write(".")
            time.sleep(0.005)

    size = heartbeat.stat().st_size if heartbeat.exists() else 0
    if threading.active_count() == 1:
        threading.Thread(target=tick, daemon=True).start()
    while not heartbeat.exists() or heartbeat.stat().st_size == size:
        time.sleep(0.001)


def raising(event, context):
    """Raise a ValueError with the event's message, if it has one."""
    if "raise" in event:
        raise ValueError(event["raise"])
    return "fine"


def exiting(event, context):
    """Exit the process without a report if the event asks for it."""
    if event.get("exit"):
        os._exit(3)
    return {"pid": os.getpid()}


def large(event, context):
    """Return a text whose JSON has the event's number of bytes."""
    return "x" * (event["bytes"] - 2)


def footprint(event, context):
    """Return the number of open descriptors and the resident memory in KB."""
    resident_pages = int(Path("/proc/self/statm").read_text().split()[1])
    resident_kb = resident_pages * os.sysconf("SC_PAGESIZE") // 1024
    return {"pid": os.getpid(), "descriptors": len(list(Path("/proc/self/fd").iterdir())), "resident_kb": resident_kb}


def meeting(event, context):
    """Report the arrival of this process, and wait for the others."""
    wait_in(Path(event["place"]))
    return {"pid": os.getpid()}


def wait_in(place):
    """Report the arrival of this process, and wait for the file `go`."""
    (place / f"arrived-{os.getpid()}").touch()
    while not (place / "go").exists():
        time.sleep(0.01)


def page(event, context):
    """Answer an HTTP request; the path selects the response."""
    path = event["rawPath"]
    if path == "/cookies":
        return {"statusCode": 201, "cookies": ["a=1; Path=/", "b=2"], "headers": {"X-Many": "1,2"}, "body": "set"}
    if path == "/binary":
        body = base64.b64encode(bytes(range(256))).decode()
        return {"statusCode": 200, "headers": {"content-type": "image/png"}, "body": body, "isBase64Encoded": True}
    if path == "/malformed":
        return {"statusCode": "never"}
    if path == "/raise":
        raise ValueError("as asked")
    if path == "/exit":
        os._exit(3)
    if path == "/sleep":
        time.sleep(float(event["rawQueryString"]))
    if path == "/meeting":
        wait_in(Path(event["rawQueryString"]))
    if path == "/large":
        return {"statusCode": 200, "body": "x" * 7_000_000}
    return event
